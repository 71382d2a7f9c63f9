"""The control group that holds all processes of a host, so that they can be ended together and by their ids."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

_MOUNT = Path("/sys/fs/cgroup")
# Of a mixed layout the two trees that systemd looks at; else the one tree there is.
_TREES = (_MOUNT / "systemd", _MOUNT / "unified", _MOUNT)
STOP_SECONDS = 30


def groups(name: str) -> list[Path]:
    """Folders of the host's group, which need not exist."""
    return [tree / f"st2lite-host-{name}" for tree in _TREES if (tree / "cgroup.procs").exists()]


def enter(name: str) -> None:
    """Put this process, and with it all its children to come, into the host's group."""
    for group in groups(name):
        group.mkdir(exist_ok=True)
        (group / "cgroup.procs").write_text(f"{os.getpid()}\n")


def end(name: str) -> None:
    """Kill all that runs in the host and take the group away."""
    deadline = time.monotonic() + STOP_SECONDS
    while pids := set(_processes(name)):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes of host {name} do not end: {sorted(pids)}")
        time.sleep(0.05)
    for group in groups(name):
        for folder in _folders(group):
            folder.rmdir()


def _processes(name: str) -> Iterator[int]:
    for group in groups(name):
        for folder in _folders(group):
            try:
                yield from map(int, (folder / "cgroup.procs").read_text().split())
            except FileNotFoundError:
                continue


def _folders(group: Path) -> list[Path]:
    """The group's folder and those below it, innermost first."""
    return [Path(path) for path, _, _ in os.walk(group, topdown=False)]
