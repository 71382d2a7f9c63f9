"""Reading what a running process prints: in pieces while it runs, in the thread that waits for it."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from st2lite.executions.protocol import OutputSink
from st2lite.runners.output_text import OUTPUT_LIMIT, OutputText

_PIECE = 65536
_LONGEST_SLEEP = 1.0


class Source(Protocol):
    """Something with a file descriptor that is read until it ends."""

    fd: int

    def read(self) -> bool:
        """Read what is there; False: the end was reached."""


class Stream(OutputText):
    """The text of one pipe. `fd` is its reading end; the stream owns it from now on."""

    def __init__(self, name: str, fd: int, sink: OutputSink, limit: int = OUTPUT_LIMIT) -> None:
        super().__init__(name, sink.write, limit)
        self.fd = fd

    def read(self) -> bool:
        data = os.read(self.fd, _PIECE)
        self.feed(data, final=not data)
        return bool(data)

    def close(self) -> None:
        os.close(self.fd)


def pump(sources: Sequence[Source], deadline: float | None, stopped: Callable[[], bool]) -> bool:
    """Read all `sources` to their ends; True when that was done in time.

    `deadline` is a `time.monotonic()` moment or None for never. `stopped` is asked about once a second, for the case
    that whoever wants an end could not close the pipes.
    """
    poller = select.poll()
    open_sources = {source.fd: source for source in sources}
    for fd in open_sources:
        poller.register(fd, select.POLLIN)
    while open_sources:
        sleep = _LONGEST_SLEEP if deadline is None else min(_LONGEST_SLEEP, deadline - time.monotonic())
        if sleep <= 0 or stopped():
            return False
        for fd, _ in poller.poll(sleep * 1000):
            if not open_sources[fd].read():
                poller.unregister(fd)
                del open_sources[fd]
    return True
