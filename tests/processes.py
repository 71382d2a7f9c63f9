"""What a test asks the system about processes and files."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path


def open_files() -> set[str]:
    """Numbers of the open file descriptors of this process."""
    return {entry.name for entry in Path("/proc/self/fd").iterdir()}


def children() -> set[str]:
    """Process numbers of the children of this process, dead ones that were not waited for included."""
    return {pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}


def alive(pid: int) -> bool:
    """Whether a process runs."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until `condition` holds; fail after ten seconds."""
    for _ in range(1000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("did not come true")
