"""Trying again what was tried in vain: the more often it was, the more rarely."""

from __future__ import annotations

from collections.abc import Iterable

MOST = 600.0
"""Longest wait between two attempts, in seconds."""


class BackOff:
    """When each of many things may be tried again, by its id. `first` is the first wait in seconds, at least one."""

    def __init__(self, first: float) -> None:
        self._first = max(first, 1.0)
        self._waits: dict[str, tuple[float, float]] = {}

    def holds(self, identifier: str, now: float) -> bool:
        """Tell whether it is too early for another attempt."""
        wait = self._waits.get(identifier)
        return wait is not None and now < wait[0]

    def note(self, identifier: str, now: float) -> None:
        """Remember an attempt; the wait after it is twice as long as the one before it."""
        wait = min(self._waits[identifier][1] * 2, MOST) if identifier in self._waits else self._first
        self._waits[identifier] = (now + wait, wait)

    def keep(self, identifiers: Iterable[str]) -> None:
        """Forget all but these: the others need no more attempts."""
        self._waits = {each: self._waits[each] for each in identifiers if each in self._waits}
