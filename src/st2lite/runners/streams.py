"""Reading what a running process prints: in pieces while it runs, in the thread that waits for it."""

from __future__ import annotations

import codecs
import os
import select
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from st2lite.executions.protocol import OutputSink

OUTPUT_LIMIT = 10 * 1024 * 1024
"""Bytes of each stream that are kept; what comes after is read and dropped, so that the process is never blocked."""

_PIECE = 65536
_LONGEST_SLEEP = 1.0


class Source(Protocol):
    """Something with a file descriptor that is read until it ends."""

    fd: int

    def read(self) -> bool:
        """Read what is there; False: the end was reached."""


class Stream:
    """The text of one pipe, handed to the output sink as it comes and kept up to `limit` bytes.

    Bytes that are not UTF-8 become U+FFFD. `fd` is the reading end of the pipe; the stream owns it from now on.
    """

    def __init__(self, name: str, fd: int, sink: OutputSink, limit: int = OUTPUT_LIMIT) -> None:
        self.name = name
        self.fd = fd
        self.truncated = False
        self._sink = sink
        self._room = limit
        self._limit = limit
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._pieces: list[str] = []

    def read(self) -> bool:
        data = os.read(self.fd, _PIECE)
        if len(data) > self._room:
            self.truncated = True
        kept = data[: self._room]
        self._room -= len(kept)
        text = self._decode(kept, not data)
        if text:
            self._pieces.append(text)
            self._sink.write(self.name, text)
        return bool(data)

    @property
    def text(self) -> str:
        """All that was kept so far."""
        return "".join(self._pieces)

    @property
    def note(self) -> str | None:
        """Says that output was dropped, if it was."""
        if not self.truncated:
            return None
        return f"Only the first {self._limit} bytes of {self.name} were kept."

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
