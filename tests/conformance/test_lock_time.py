"""How long a lock stays taken whose holder is gone, and what a holder that is only slow knows of it."""

from __future__ import annotations

from pathlib import Path

import redis

from st2lite.config.schema import Coordination
from st2lite.policies.open import open_locks
from tests.conformance.lock_client import NAME
from tests.processes import wait_for
from tests.servers.redis import RedisServer

LONGEST_WAIT = 15_000
"""Milliseconds that a crash may keep an action from running."""


def test_a_crash_blocks_an_action_for_seconds_only(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        locks = open_locks(server.url, Coordination().lock_timeout)
        with redis.Redis.from_url(server.url) as client, locks.hold(NAME, 10):
            (key,) = client.keys("*lock*")
            assert 0 < client.pttl(key) <= LONGEST_WAIT
        locks.close()


def test_a_holder_that_took_too_long_knows_it(tmp_path: Path) -> None:
    """So a short time costs nobody a limit: who claimed an execution asks, and counts once more."""
    with RedisServer(tmp_path) as server:
        slow, quick = open_locks(server.url, 1), open_locks(server.url, 60)
        with slow.hold(NAME, 10) as hold:
            wait_for(lambda: not hold.kept())
            with quick.hold(NAME, 10) as theirs:
                assert theirs.kept()
                assert not hold.kept()
        with quick.hold(NAME, 10) as again:
            assert again.kept()
        slow.close()
        quick.close()
