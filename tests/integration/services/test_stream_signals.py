"""Signals to st2stream that come as soon as they may."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.processes import PATIENCE

SERVE = """
import os, signal, sys
from st2lite.http import eventlet_server
eventlet_server.patch()
nothing = lambda: None
told = lambda: [os.kill(os.getpid(), getattr(signal, name)) for name in sys.argv[1:]]
hooks = eventlet_server.Hooks(lambda: None, told, nothing, lambda: print("closed"), lambda: print("reopened"))
eventlet_server.serve("st2stream", [eventlet_server.listen("127.0.0.1", 0)], hooks)
print("stopped")
"""


@pytest.mark.parametrize(
    ("signals", "said"),
    [(["SIGTERM"], "closed\nstopped\n"), (["SIGUSR1", "SIGINT"], "closed\nstopped\n")],
)
def test_it_ends_in_order_though_it_is_asked_to_while_it_says_that_it_is_ready(signals: list[str], said: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SERVE, *signals], capture_output=True, text=True, timeout=2 * PATIENCE, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, said), ended.stderr
