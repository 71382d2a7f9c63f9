"""Tells threads that wait on file descriptors, or inside a library, that their work is not wanted any more."""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType


class StopSignal:
    """Set once, never reset; use it as a context manager around everything that waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._aborts: list[Callable[[], None]] = []
        self._requested = False
        self._closed = False
        self._read_end, self._write_end = os.pipe()

    def __enter__(self) -> StopSignal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._closed = True
            os.close(self._read_end)
            os.close(self._write_end)

    @property
    def requested(self) -> bool:
        return self._requested

    def request(self) -> None:
        """Wake every waiter and call what is guarded; from any thread, also after the end."""
        with self._lock:
            if self._requested or self._closed:
                return
            self._requested = True
            os.write(self._write_end, b"!")
            aborts = list(self._aborts)
        for abort in aborts:
            with suppress(Exception):
                abort()

    @contextmanager
    def guard(self, abort: Callable[[], None]) -> Iterator[None]:
        """Have `abort` called when the stop is requested while the block runs (at once if it was already)."""
        with self._lock:
            self._aborts.append(abort)
            requested = self._requested
        if requested:
            abort()
        try:
            yield
        finally:
            with self._lock:
                self._aborts.remove(abort)

    def wait(self, descriptor: int, events: int, seconds: float) -> bool:
        """Wait until `descriptor` has one of `events` (as in `select.poll`); False when time is up or on a stop."""
        poller = select.poll()
        poller.register(descriptor, events)
        poller.register(self._read_end, select.POLLIN)
        return any(ready == descriptor for ready, _ in poller.poll(max(0.0, seconds) * 1000))
