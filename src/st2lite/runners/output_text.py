"""The output of an action as text: decoded as it comes, passed on at once, kept up to a limit."""

from __future__ import annotations

import codecs
from collections.abc import Callable

OUTPUT_LIMIT = 10 * 1024 * 1024
"""Bytes of each stream that are kept; what comes after is dropped, so that whoever prints it is never blocked."""


def ignore_output(name: str, text: str) -> None:
    """Take the place of a writer where nobody wants to see the output."""
    del name, text


class OutputText:
    """One stream. `write(name, text)` gets every piece of what is kept; bytes that are not UTF-8 become U+FFFD."""

    def __init__(self, name: str, write: Callable[[str, str], None], limit: int = OUTPUT_LIMIT) -> None:
        self.name = name
        self.truncated = False
        self._write = write
        self._limit = limit
        self._room = limit
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._pieces: list[str] = []

    def feed(self, data: bytes, final: bool = False) -> None:
        """Take the next bytes; `final` says that no more will come."""
        if len(data) > self._room:
            self.truncated = True
        kept = data[: self._room]
        self._room -= len(kept)
        text = self._decode(kept, final)
        if text:
            self._pieces.append(text)
            self._write(self.name, text)

    @property
    def text(self) -> str:
        """All that was kept so far."""
        return "".join(self._pieces)

    @property
    def note(self) -> str | None:
        """Says that output was dropped, if it was."""
        return f"Only the first {self._limit} bytes of {self.name} were kept." if self.truncated else None
