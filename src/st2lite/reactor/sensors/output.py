"""What sensors print and log, in the log of the container: line by line, and not more than a disk can bear."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable

LONGEST_LINE = 2000
"""Bytes of a line that are logged."""

RATE = 16 * 1024
"""Bytes of output that each sensor may log per second, in the long run."""

BURST = 128 * 1024
"""Bytes that it may log at once after a quiet time."""

_COST = 100
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_SEVERITY = re.compile(rb"<([0-7])>")
_LEVELS = (logging.CRITICAL, logging.CRITICAL, logging.CRITICAL, logging.ERROR, logging.WARNING) + 2 * (
    logging.INFO,
) + (logging.DEBUG,)  # fmt: skip


class OutputLog:
    """Logs the output of the sensor `ref`. A line may begin with its severity, as `<3>`; others are `INFO`."""

    def __init__(self, ref: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._logger = logging.getLogger(f"sensor.{ref}")
        self._clock = clock
        self._rest = b""
        self._skipping = False
        self._credit = float(BURST)
        self._moment = clock()
        self.dropped = 0

    @property
    def flooded(self) -> bool:
        """More comes in than may be logged: whoever reads it should take his time."""
        return self.dropped > 0

    def feed(self, data: bytes) -> None:
        """Take a piece of output."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if self._skipping:
                self._skipping = False
            else:
                self._line(line)
        if len(self._rest) > LONGEST_LINE:
            if not self._skipping:
                self._line(self._rest)
            self._rest, self._skipping = b"", True

    def end(self) -> None:
        """Log what is left: a last line without its end, and that something was dropped."""
        if self._rest:
            self._line(self._rest)
            self._rest = b""
        self._note()

    def say(self, level: int, text: str) -> None:
        """Log a line about the sensor, which counts like one of its own."""
        self._log(level, text)

    def _line(self, line: bytes) -> None:
        found = _SEVERITY.match(line)
        level = _LEVELS[int(found[1])] if found else logging.INFO
        text = line[found.end() if found else 0 :]
        shown = text[:LONGEST_LINE].decode("utf-8", "replace").rstrip("\r")
        shown = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", shown)
        if shown:
            self._log(level, shown if len(text) <= LONGEST_LINE else f"{shown}… (shortened)")

    def _log(self, level: int, text: str) -> None:
        if not self._logger.isEnabledFor(level):
            return
        now = self._clock()
        self._credit = min(BURST, self._credit + (now - self._moment) * RATE)
        self._moment = now
        cost = len(text) + _COST
        # Once dry, a second's worth has to come together: else every other line would be a note of what was dropped.
        if self._credit < (RATE if self.dropped else cost):
            self.dropped += 1
            return
        self._note()
        self._credit -= cost
        self._logger.log(level, "%s", text)

    def _note(self) -> None:
        if self.dropped:
            self._logger.warning("%d lines of output were dropped: it prints too much.", self.dropped)
            self.dropped = 0
