"""Whether anybody listens for a trigger: what nobody listens for need not be emitted."""

from __future__ import annotations

import time
from collections.abc import Callable

from st2lite.models.rule import Rule
from st2lite.storage.contract import Equal, Store, find_one

SECONDS = 1.0


class Listeners:
    """Looks for enabled rules, and remembers an answer, also a negative one, for up to `SECONDS`.

    Safe to use from many threads. `clock` gives seconds that never go back.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._answers: dict[str, tuple[float, bool]] = {}

    def any(self, trigger: str) -> bool:
        """Tell whether an enabled rule listens for the trigger with this ref."""
        answers = self._answers  # a rule that is written while this looks puts a new map in place
        known = answers.get(trigger)
        if known is not None and known[0] > self._clock():
            return known[1]
        answer = find_one(self._store, Rule, Equal("trigger", trigger), Equal("enabled", True)) is not None
        answers[trigger] = self._clock() + SECONDS, answer
        return answer

    def forget(self) -> None:
        """Look again: a rule was written."""
        self._answers = {}
