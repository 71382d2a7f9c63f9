"""Identifiers: 24 lower-case hexadecimal digits that sort by creation time, as clients expect of a MongoDB ObjectId."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import time

_PATTERN = re.compile(r"[0-9a-f]{24}")
_COUNTER_BITS = 24


class _Sequence:
    """Per-process random part and counter; a forked child draws a new random part, so twins never collide."""

    def __init__(self) -> None:
        self.reseed()

    def reseed(self) -> None:
        self._process = os.urandom(5).hex()
        self._counter = itertools.count(int.from_bytes(os.urandom(2), "big"))

    def next(self) -> str:
        return f"{int(time.time()):08x}{self._process}{next(self._counter) % (1 << _COUNTER_BITS):06x}"


_sequence = _Sequence()
os.register_at_fork(after_in_child=_sequence.reseed)


def new_id() -> str:
    """Return a new identifier: 4 bytes of seconds, 5 random bytes per process, 3 bytes of counter."""
    return _sequence.next()


def derived_id(origin: str, *parts: str) -> str:
    """Return the identifier of what follows from the object `origin`: always the same for the same parts.

    Whoever makes such an object a second time, after a crash or a message that came twice, meets the first one. It
    sorts by the creation time of `origin`.
    """
    digest = hashlib.sha256("\0".join((origin, *parts)).encode()).hexdigest()
    return f"{origin[:8]}{digest[:16]}"


def timed_id(seconds: float, *parts: str) -> str:
    """Return the identifier of what is to happen at a known time (epoch seconds): the same for all who foresee it.

    It sorts by that time, and knows it to the second.
    """
    origin = f"{int(seconds):08x}"
    return derived_id(origin, *parts)


def time_of(identifier: str) -> int:
    """Epoch seconds at which an identifier was made, or for which it was."""
    return int(identifier[:8], 16)


def is_id(text: str) -> bool:
    """Tell whether `text` has the shape of an identifier."""
    return _PATTERN.fullmatch(text) is not None
