"""Locks within one process, and within one host."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from st2lite.models.errors import LockUnavailable
from st2lite.policies.coordination import Hold, key_of

_SHORTEST_PAUSE = 0.002
_LONGEST_PAUSE = 0.05


class Held:
    """A lock that cannot be lost while its holder lives."""

    def kept(self) -> bool:
        return True


class MemoryLocks:
    """Locks between the threads of this process."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, tuple[threading.Lock, int]] = {}

    @contextlib.contextmanager
    def hold(self, name: str, patience: float) -> Iterator[Hold]:
        with self._guard:
            lock, users = self._locks.get(name) or (threading.Lock(), 0)
            self._locks[name] = lock, users + 1
        try:
            if not lock.acquire(timeout=max(patience, 0.0)):
                raise LockUnavailable(f'The lock "{name}" was taken by others for {patience:g} seconds.')
            try:
                yield Held()
            finally:
                lock.release()
        finally:
            with self._guard:
                users = self._locks[name][1] - 1
                if users:
                    self._locks[name] = lock, users
                else:
                    del self._locks[name]

    def close(self) -> None:
        pass


class FileLocks:
    """Locks between the processes of this host, each a file in `directory`. The kernel frees those of the dead."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._threads = MemoryLocks()

    @contextlib.contextmanager
    def hold(self, name: str, patience: float) -> Iterator[Hold]:
        deadline = time.monotonic() + patience
        with self._threads.hold(name, patience):
            descriptor = self._open(name)
            try:
                pauses = growing_pauses()
                while not _try(descriptor):
                    if time.monotonic() >= deadline:
                        raise LockUnavailable(f'The lock "{name}" was taken by others for {patience:g} seconds.')
                    time.sleep(next(pauses))
                yield Held()
            finally:
                os.close(descriptor)

    def close(self) -> None:
        pass

    def _open(self, name: str) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(self._directory / key_of(name), flags, 0o600)
        except OSError as error:
            raise LockUnavailable(
                f"[coordination] url: {error.filename or self._directory} cannot be used: {error.strerror}."
            ) from None


def growing_pauses() -> Iterator[float]:
    """Seconds to wait between attempts: short at first, since locks are held for milliseconds."""
    pause = _SHORTEST_PAUSE
    while True:
        yield pause
        pause = min(pause * 2, _LONGEST_PAUSE)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
