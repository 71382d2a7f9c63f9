"""Finding executions whose end was written and never told: the process died in between, or the broker was away."""

from __future__ import annotations

import time
from collections.abc import Callable

from st2lite.executions.endings import Endings
from st2lite.models.execution import Execution
from st2lite.models.timestamps import from_epoch, to_epoch
from st2lite.storage.contract import Order, Range, Store

INTERVAL = 30.0
"""Seconds between two looks."""

SETTLED = 10.0
"""Seconds that a message may take; an execution that ended later than that is not missed yet."""

WINDOW = 600.0
"""Seconds before the last end in the store that a starting process looks back: what ended then may have been told to a
process that died with its queue."""

BATCH = 200
PAGES = 10
LONGEST_LOOK = 2.0
"""Most pages of one look, and seconds after which it ends with the page at hand; the next one goes on from there. What
else is due in the same round must not wait until all is gone through."""


class LostEndings:
    """Hands executions that ended to `endings` unless they are known there. `clock` gives epoch seconds.

    As long as nothing is lost a look reads ids alone. To count would be less, and not enough: an execution that was
    told of and deleted since would make up for one that was lost.
    """

    def __init__(self, store: Store, endings: Endings, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._endings = endings
        self._clock = clock
        self._since: str | None = None
        self._next = 0.0

    def begin(self) -> None:
        """Find out from when on to look; call it before the process ends an execution itself."""
        newest = self._store.find(Execution, (), (Order("end_timestamp", descending=True),), 1, large=False)
        now = self._clock()
        end = newest[0].end_timestamp if newest else None
        self._since = from_epoch(min(now, to_epoch(end) if end else now) - WINDOW)

    def look(self) -> int:
        """Deal with what was lost; return how many executions that were."""
        now = self._clock()
        if now < self._next:
            return 0
        if self._since is None:
            self.begin()
        since, until = self._since or "", from_epoch(now - SETTLED)
        ended = self._store.distinct(Execution, "id", (Range("end_timestamp", gte=since, lt=until),))
        if all(self._endings.knows(str(identifier)) for identifier in ended):
            found, reached = 0, until
        else:
            found, reached = self._go_through(since, until)
        self._since = reached
        self._endings.forget(reached)
        if reached == until:
            self._next = now + INTERVAL
        return found

    def _go_through(self, since: str, until: str) -> tuple[int, str]:
        """Hand over what is not known; return how many, and the time until which all is known now."""
        found = 0
        deadline = self._clock() + LONGEST_LOOK
        for _ in range(PAGES):
            span = (Range("end_timestamp", gte=since, lt=until),)
            page = self._store.find(Execution, span, (Order("end_timestamp"),), BATCH, large=False)
            for execution in page:
                if not self._endings.knows(execution.id):
                    self._endings.handle(execution, lambda: None)
                    found += 1
            if len(page) < BATCH:
                return found, until
            since = page[-1].end_timestamp or until
            if self._clock() >= deadline:
                break
        return found, since
