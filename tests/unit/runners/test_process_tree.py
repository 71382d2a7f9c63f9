"""Whoever is killed takes with it all it started, even while it goes on starting more."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from st2lite.runners.process_tree import kill_tree
from tests.processes import PATIENCE

# A daemon that starts daemons, one after the other, and writes a line for each; none is in the group of who started it.
STARTS_MORE = """
import os, time
def daemon(work):
    if not os.fork():
        os.setsid()
        work()
        os._exit(0)
def start():
    for _ in range(500):
        daemon(lambda: time.sleep(600))
        os.write(1, b"one more\\n")
    time.sleep(600)
daemon(start)
time.sleep(600)
"""


@pytest.fixture
def mark():
    """An argument by which the processes of a test are found, and ended whatever became of it."""
    text = f"marked-{os.getpid()}-{time.monotonic_ns()}"
    yield text
    for pid in marked(text):
        os.kill(pid, signal.SIGKILL)


def marked(text):
    """The living processes with that argument."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if text.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            pass
    return found


def test_processes_started_while_it_kills_are_killed_too(mark):
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", STARTS_MORE, mark], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    with process:
        for _ in range(5):
            assert process.stdout.readline() == "one more\n"
        kill_tree(process.pid)
        assert process.wait(PATIENCE) == -signal.SIGKILL
    deadline = time.monotonic() + PATIENCE
    while marked(mark) and time.monotonic() < deadline:  # the kernel takes them away one by one
        time.sleep(0.01)
    assert marked(mark) == []
