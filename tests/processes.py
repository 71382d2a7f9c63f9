"""What a test asks the system about processes and files."""

from __future__ import annotations

import contextlib
import stat
import time
from collections.abc import Callable
from pathlib import Path


def open_files() -> set[str]:
    """Numbers of the open file descriptors of this process."""
    return {entry.name for entry in Path("/proc/self/fd").iterdir()}


def children() -> set[str]:
    """Process numbers of the children of this process, dead ones that were not waited for included."""
    found: set[str] = set()
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the thread has just ended
            found.update((task / "children").read_text().split())
    return found


def let_others_in(directory: Path) -> None:
    """Give other users a way to a directory of the test, through the private ones above it."""
    while not directory.stat().st_mode & stat.S_IXOTH:
        directory.chmod(0o755)
        directory = directory.parent


def alive(pid: int) -> bool:
    """Whether a process runs."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def wait_for(condition: Callable[[], object], seconds: int = 10) -> None:
    """Wait until `condition` holds; fail after some seconds."""
    for _ in range(seconds * 100):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("did not come true")
