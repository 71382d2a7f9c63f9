"""What a test asks the system about processes and files, and how it ends a process."""

from __future__ import annotations

import contextlib
import inspect
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

PATIENCE = 120.0
"""Seconds to wait for what has to happen: more than a busy machine needs, and only lost when it does not happen."""


def open_files() -> set[str]:
    """Open file descriptors of this process, with what each of them refers to: numbers are used again."""
    found = set()
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed by another thread, or it was that of the directory
            found.add(f"{entry.name}: {entry.readlink()}")
    return found


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


def end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Ask a process to end; kill it if it has not after so many seconds."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until `condition` holds; fail after some seconds, and say what did not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"did not come true in {seconds} s: {_source_of(condition)}"
        time.sleep(0.01)


@contextlib.contextmanager
def nothing_left_behind(patience: float = PATIENCE) -> Iterator[None]:
    """Fail if there are processes or open files afterwards that were not there before.

    What ends late (a connection that a server of the test closes) is waited for; what an earlier test left, and the
    garbage collector takes away meanwhile, is nobody's business.
    """
    before = open_files(), children()
    yield
    deadline = time.monotonic() + patience
    while found := (open_files() - before[0]) | (children() - before[1]):
        assert time.monotonic() < deadline, f"left behind: {sorted(found)}"
        time.sleep(0.01)


def _source_of(condition: Callable[[], object]) -> str:
    try:
        return inspect.getsource(condition).strip()
    except (OSError, TypeError):  # it was not written in a file, or is an instance of a class
        return repr(condition)
