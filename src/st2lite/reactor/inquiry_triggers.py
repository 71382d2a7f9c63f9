"""The trigger that tells of an inquiry, for rules that ask somebody to answer it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from st2lite.executions import events
from st2lite.executions.inquiries import question_of
from st2lite.messaging.contract import Bus
from st2lite.models import statuses
from st2lite.models.errors import St2liteError
from st2lite.models.execution import Execution
from st2lite.models.ids import derived_id
from st2lite.models.inquiry import INQUIRER
from st2lite.models.timestamps import from_epoch
from st2lite.models.trigger import INQUIRY_TRIGGER
from st2lite.reactor.action_triggers import caused_by
from st2lite.reactor.dispatch import Dispatcher
from st2lite.storage.contract import Equal, Range, Store

logger = logging.getLogger(__name__)

INTERVAL = 30.0
"""Seconds between two looks for inquiries that nobody was told of."""

LONGEST_SILENCE = 86400.0
"""Seconds after which an inquiry is not told of any more; by then its trigger instance may have been purged."""


class InquiryTriggers:
    """Emits `core.st2.generic.inquiry`, once for each inquiry. `clock` gives epoch seconds."""

    def __init__(self, store: Store, bus: Bus, dispatcher: Dispatcher, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._bus = bus
        self._dispatcher = dispatcher
        self._clock = clock
        self._next = 0.0
        self._told: set[str] = set()

    def asked(self, execution: Execution) -> None:
        """Tell that an inquiry waits for its answer from now on; what fails here is made up for by `look`."""
        events.announce_change(self._bus, execution)
        try:
            self._emit(execution)
        except St2liteError as error:
            logger.warning("Inquiry %s is not told of yet: %s", execution.id, error.message)

    def look(self) -> int:
        """Emit what was missed, because a process died or the store was away; return how many were looked at."""
        now = self._clock()
        if now < self._next:
            return 0
        since = Range("start_timestamp", gte=from_epoch(now - LONGEST_SILENCE))
        found = self._store.find(Execution, (Equal("status", statuses.PENDING), since, Equal("runner", INQUIRER)))
        missed = [execution for execution in found if execution.id not in self._told]
        for execution in missed:
            self._emit(execution)
        self._told = {execution.id for execution in found}
        self._next = now + INTERVAL
        return len(missed)

    def _emit(self, execution: Execution) -> None:
        self._dispatcher.dispatch_type(
            INQUIRY_TRIGGER,
            {"id": execution.id, "route": question_of(execution)["route"]},
            trace_context=execution.trace,
            caused_by=caused_by(execution),
            identifier=derived_id(execution.id, INQUIRY_TRIGGER),
        )
