"""Concurrency policies before a claim: whether an execution may begin now, is delayed, or is canceled.

Counting and claiming happen under one lock per action, which all action runners share. Whoever may have lost it, since
its keeper was restarted or the database hung, counts again after its claim and before it begins: two that claimed what
was room for one cannot both miss the other.
"""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from st2lite.executions import events
from st2lite.executions.transitions import change_status, put_back, set_result
from st2lite.executions.waiting import WaitingLine
from st2lite.messaging.contract import Bus
from st2lite.models import statuses
from st2lite.models.errors import LockUnavailable, StaleWrite, StoreUnavailable
from st2lite.models.execution import Execution
from st2lite.models.policy import NO_COORDINATION
from st2lite.policies.concurrency import Limit, Occupancy
from st2lite.policies.coordination import Hold, Locks
from st2lite.policies.index import PolicyIndex
from st2lite.storage.contract import Store

logger = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds that a slot of a worker waits for a lock; then the execution is delayed, and comes again."""

_WAITING = (statuses.REQUESTED, statuses.DELAYED)
_RETRY_INTERVAL = 0.5

Take = Callable[[Execution], "Execution | None"]
"""Claims an execution; None when it is not to be had any more."""


class Admission:
    """Lets executions begin as the policies of their actions allow. Safe to use from many threads.

    Without `locks` there is nothing to coordinate with, and actions with limits fail.
    """

    def __init__(self, store: Store, bus: Bus, policies: PolicyIndex, line: WaitingLine, locks: Locks | None) -> None:
        self._store = store
        self._bus = bus
        self._policies = policies
        self._line = line
        self._locks = locks

    def has_limits(self, execution: Execution) -> bool:
        """Tell whether a policy may have something against an execution of this action."""
        return bool(self._policies.of(execution.action_ref).limits)

    def admit(self, execution: Execution, take: Take) -> Execution | None:
        """Claim an execution with `take` if it may begin; None if not, or if it is not to be had any more.

        An execution that may not begin is delayed, canceled or failed when this returns. Raises `StoreUnavailable`, and
        then nothing was claimed.
        """
        limits = self._policies.of(execution.action_ref).limits
        if not limits:
            return take(execution)
        if self._locks is None:
            self._end(execution, statuses.FAILED, {"error": f'Policy "{limits[0].policy}" {NO_COORDINATION}.'})
            return None
        try:
            with self._locks.hold(f"action:{execution.action_ref}", PATIENCE) as hold:
                return self._decide(execution, limits, take, hold)
        except LockUnavailable as error:
            logger.warning("Execution %s has to wait: %s", execution.id, error.message)
            self._delay(execution)
            return None

    def _decide(self, execution: Execution, limits: Sequence[Limit], take: Take, hold: Hold) -> Execution | None:
        while True:
            occupancy = self._line.occupancy(execution.action_ref, limits)
            limit, cancels = self._refusal(execution, occupancy)
            if limit is None:
                claimed = take(execution)
                if claimed is not None:
                    if not hold.kept():
                        return self._confirm(claimed, limits)
                    occupancy.add(claimed)
                if execution.status == statuses.DELAYED:
                    self._line.wake_next(execution.action_ref, occupancy)
                return claimed
            if cancels:
                self._end(execution, statuses.CANCELED, {"message": limit.describe(), "policy": limit.policy})
                return None
            if execution.status == statuses.DELAYED:
                return None
            # Once more after it is delayed: an execution that ended before that found nobody in line to let begin.
            delayed = self._delay(execution)
            if delayed is None:
                return None
            execution = delayed

    def _refusal(self, execution: Execution, occupancy: Occupancy) -> tuple[Limit | None, bool]:
        """The limit that leaves no room for an execution and those before it in line, and whether that cancels it."""
        limit = occupancy.exceeded(execution)
        if limit is not None:
            return limit, limit.cancels
        earlier = [waiting for waiting in self._line.before(execution) if occupancy.admit(waiting)]
        if earlier:
            self._line.send(earlier[0])
        return occupancy.exceeded(execution), False

    def _confirm(self, claimed: Execution, limits: Sequence[Limit]) -> Execution | None:
        """Count again after a claim for which the lock may have been lost; give back what was too much."""
        while True:
            try:
                if self._line.occupancy(claimed.action_ref, limits, apart_from=claimed.id).exceeded(claimed) is None:
                    return claimed
                returned = copy.copy(claimed)
                put_back(returned)
                self._store.replace(returned)
            except StaleWrite:
                # Canceled meanwhile: whoever holds it ends it. Or put back, and only the answer was lost.
                fresh = self._get(claimed.id)
                return fresh if fresh is not None and fresh.worker == claimed.worker else None
            except StoreUnavailable:
                time.sleep(_RETRY_INTERVAL)
            else:
                events.announce_change(self._bus, returned)
                return None

    def _get(self, identifier: str) -> Execution | None:
        while True:
            try:
                return self._store.get(Execution, identifier)
            except StoreUnavailable:
                time.sleep(_RETRY_INTERVAL)

    def _delay(self, execution: Execution) -> Execution | None:
        """Let an execution wait in line; None when it does not wait any more."""
        if execution.status == statuses.DELAYED:
            return execution
        delayed, changed = self._change(execution, lambda current: change_status(current, statuses.DELAYED))
        if changed and delayed is not None:
            events.announce_change(self._bus, delayed)
        return delayed

    def _end(self, execution: Execution, status: str, result: dict[str, Any]) -> None:
        def change(current: Execution) -> None:
            change_status(current, status)
            set_result(current, result)

        ended, changed = self._change(execution, change)
        if changed and ended is not None:
            events.announce_end(self._bus, ended)

    def _change(self, execution: Execution, change: Callable[[Execution], None]) -> tuple[Execution | None, bool]:
        """Change an execution that waits; return it as it is then (None: it waits no longer), and whether we did it."""
        status = execution.status
        while True:
            execution = copy.copy(execution)
            change(execution)
            try:
                self._store.replace(execution)
            except StaleWrite:
                fresh = self._store.get(Execution, execution.id)
                if fresh is None or fresh.status not in _WAITING:
                    return None, False
                if fresh.status != status:
                    return fresh, False
                execution = fresh
            else:
                return execution, True
