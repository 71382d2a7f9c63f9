"""What every keeper of locks has to hold: files on one host, real Redis, real ZooKeeper."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from st2lite.models.errors import LockUnavailable
from st2lite.policies.coordination import Locks
from st2lite.policies.open import open_locks
from tests.conformance.lock_client import NAME, add
from tests.processes import PATIENCE
from tests.servers.redis import RedisServer
from tests.servers.zookeeper import ZooKeeperServer

LOCK_TIMEOUT = 2
KEEPERS = ("file", "redis", "zookeeper")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="module")
def zookeeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZooKeeperServer]:
    with ZooKeeperServer(tmp_path_factory.mktemp("zookeeper")) as server:
        yield server


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "memory":
        return "memory://"
    if request.param == "file":
        return f"file://{tmp_path}/locks"
    return str(request.getfixturevalue(request.param).url)


@pytest.fixture
def locks(url: str) -> Iterator[Locks]:
    opened = open_locks(url, LOCK_TIMEOUT)
    yield opened
    opened.close()


def client(url: str, *what: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.conformance.lock_client", url, str(LOCK_TIMEOUT), *what]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def is_free(locks: Locks, patience: float) -> bool:
    try:
        with locks.hold(NAME, patience):
            return True
    except LockUnavailable:
        return False


@pytest.mark.parametrize("url", KEEPERS, indirect=True)
def test_one_process_at_a_time(url: str, tmp_path: Path) -> None:
    file = tmp_path / "number"
    file.write_text("0")
    clients = [client(url, "count", str(file), "15") for _ in range(3)]
    for each in clients:
        each.communicate(timeout=90)
        assert each.returncode == 0
    assert file.read_text() == "45"


@pytest.mark.parametrize("url", ("memory", *KEEPERS), indirect=True)
def test_one_thread_at_a_time(locks: Locks, tmp_path: Path) -> None:
    file = tmp_path / "number"
    file.write_text("0")
    threads = [threading.Thread(target=add, args=(file, 10, locks)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert file.read_text() == "60"


@pytest.mark.parametrize("url", KEEPERS, indirect=True)
def test_the_lock_of_a_killed_process_becomes_free(url: str, locks: Locks) -> None:
    assert is_free(locks, PATIENCE)
    holder = client(url, "hold")
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    began = time.monotonic()
    assert not is_free(locks, 0.2)
    assert time.monotonic() - began < LOCK_TIMEOUT  # bounded by patience, not by the keeper's own time
    holder.kill()
    holder.communicate()
    assert _eventually_free(locks)


@pytest.mark.parametrize("url", KEEPERS, indirect=True)
def test_who_holds_a_lock_knows_that_it_kept_it(locks: Locks) -> None:
    with locks.hold(NAME, PATIENCE) as hold:
        assert hold.kept()
    with locks.hold("another", PATIENCE) as another, locks.hold(NAME, PATIENCE) as again:
        assert again.kept()
        assert another.kept()


@pytest.mark.parametrize("keeper", [RedisServer, ZooKeeperServer])
def test_a_keeper_that_is_away_keeps_nobody_waiting(
    keeper: type[RedisServer | ZooKeeperServer], tmp_path: Path
) -> None:
    with keeper(tmp_path / "server") as server:
        locks = open_locks(server.url, 30)
        assert is_free(locks, PATIENCE)
        server.kill()
        threads = [threading.Thread(target=is_free, args=(locks, 0.5)) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in threads)
        place = rf"127.0.0.1:{server.port} \(\[coordination\] url\)"
        with pytest.raises(LockUnavailable, match=place) as caught, locks.hold(NAME, 0.5):
            pass
        assert getattr(server, "password", "no password") not in caught.value.message
        began = time.monotonic()
        assert not is_free(locks, 2 * PATIENCE)  # it did not answer a moment ago: nobody waits for it again so soon
        assert time.monotonic() - began < PATIENCE
        server.start()
        assert _eventually_free(locks)
        locks.close()


def test_a_keeper_that_was_away_at_first_is_found_later(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        server.kill()
        locks = open_locks(server.url, 30)
        assert not is_free(locks, 1)
        server.start()
        assert _eventually_free(locks)
        locks.close()


@pytest.mark.parametrize("url", ["redis", "zookeeper"], indirect=True)
def test_nothing_is_connected_again_for_who_comes_after_the_end(locks: Locks) -> None:
    with locks.hold(NAME, PATIENCE):
        pass
    locks.close()
    with pytest.raises(LockUnavailable, match="this process is stopping"), locks.hold(NAME, PATIENCE):
        pass


def test_a_lock_that_its_keeper_forgot_is_known_to_be_lost(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        locks = open_locks(server.url, 30)
        with locks.hold(NAME, PATIENCE) as hold:
            server.kill()
            server.start()
            assert not hold.kept()
        assert _eventually_free(locks)
        locks.close()


def test_lock_files_are_private(tmp_path: Path) -> None:
    locks = open_locks(f"file://{tmp_path}/locks", LOCK_TIMEOUT)
    with locks.hold(NAME, 1):
        (file,) = (tmp_path / "locks").iterdir()
        assert (tmp_path / "locks").stat().st_mode & 0o777 == 0o700
        assert file.stat().st_mode & 0o777 == 0o600
    other = tmp_path / "other"
    other.write_text("")
    file.unlink()
    file.symlink_to(other)
    with pytest.raises(LockUnavailable, match="cannot be used"), locks.hold(NAME, 1):
        pass


def _eventually_free(locks: Locks) -> bool:
    for _ in range(60):
        with contextlib.suppress(LockUnavailable), locks.hold(NAME, 1):
            return True
        time.sleep(0.1)
    return False
