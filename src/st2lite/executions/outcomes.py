"""How executions end: what a runner says of it, written in one write and announced."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import msgspec

from st2lite.executions import events
from st2lite.executions.protocol import Outcome
from st2lite.executions.transitions import change_status, set_result
from st2lite.messaging.contract import Bus
from st2lite.models import statuses
from st2lite.models.errors import InvalidInput, St2liteError, StaleWrite, StoreUnavailable
from st2lite.models.execution import NO_RESULT, Execution
from st2lite.storage.contract import Store

logger = logging.getLogger(__name__)

RETRY_INTERVAL = 0.5
"""Seconds between attempts while the store is away: an end must not be forgotten."""


class Outcomes:
    """Writes how executions ended that a worker ran under the lease `holder`; `tell_engine` is that of `announce_end`.

    Whoever finds an execution completed when it wants to end it lets go.
    """

    def __init__(self, store: Store, bus: Bus, holder: str, tell_engine: Callable[[Execution], bool]) -> None:
        self._store = store
        self._bus = bus
        self._holder = holder
        self._tell_engine = tell_engine

    def write(self, execution: Execution, outcome: Outcome, output: msgspec.Raw = NO_RESULT) -> None:
        """Write how the execution ended, whatever happened to the document meanwhile; retry while the store is away.

        What cannot be stored at all (a document too large for the database) becomes a failure that says so.
        """
        refused = waiting = False
        while True:
            try:
                apply(execution, outcome, output)
                self._store.replace(execution)
                break
            except StoreUnavailable as error:
                if not waiting:
                    logger.warning("The end of execution %s is not written yet: %s", execution.id, error.message)
                waiting = True
                time.sleep(RETRY_INTERVAL)
            except StaleWrite:
                pass
            except Exception as error:
                if refused:
                    raise
                refused = True
                logger.warning("The end of execution %s cannot be stored: %s", execution.id, error)
                outcome = Outcome(statuses.FAILED, {"error": f"The end of the execution cannot be stored: {error}"})
                output = NO_RESULT
            fresh = self._reread(execution)
            # A workflow that somebody else holds or has begun is not ours any more: what we know of it is old.
            if fresh is None or (outcome.workflow is not None and fresh.worker != self._holder):
                return
            execution = fresh
        if execution.status in statuses.COMPLETED:
            events.announce_end(self._bus, execution, self._tell_engine)
        elif outcome.then is not None:  # a workflow; that it runs was announced when it was claimed
            outcome.then(execution)
        else:
            events.announce_change(self._bus, execution)

    def abandon(self, identifier: str) -> None:
        """Give up an execution of this worker that runs while the worker stops."""
        try:
            execution = self._store.get(Execution, identifier)
            if execution is not None and execution.worker == self._holder:
                abandon(self._store, self._bus, execution, "The action runner was stopped while the action ran.")
        except StaleWrite:
            pass  # it ended this very moment
        except St2liteError as error:
            logger.warning("Execution %s is stopped and could not be abandoned: %s", identifier, error.message)

    def _reread(self, execution: Execution) -> Execution | None:
        """Return the newest revision, or None when there is nothing left to end."""
        while True:
            try:
                fresh = self._store.get(Execution, execution.id)
            except StoreUnavailable:
                time.sleep(RETRY_INTERVAL)
                continue
            if fresh is None:
                return None
            if fresh.status in statuses.COMPLETED:
                # Ended by someone else, or our own write whose acknowledgement was lost: announce it, write nothing.
                events.announce_end(self._bus, fresh)
                return None
            return fresh


def abandon(store: Store, bus: Bus, execution: Execution, reason: str) -> None:
    """End an execution whose worker is gone; raise `StaleWrite` when it changed meanwhile."""
    final = statuses.CANCELED if execution.status == statuses.CANCELING else statuses.ABANDONED
    change_status(execution, final)
    if final == statuses.ABANDONED:
        set_result(execution, {"error": reason})
    store.replace(execution)
    events.announce_end(bus, execution)


def apply(execution: Execution, outcome: Outcome, output: msgspec.Raw = NO_RESULT) -> None:
    """Put an outcome, and output that was not stored yet, into an execution that is on a worker."""
    status: str = outcome.status
    result: Any = outcome.result
    if execution.status == statuses.CANCELING:
        status, result = statuses.CANCELED, execution.result or None
    if status == statuses.RUNNING:  # a workflow; told to pause meanwhile, it does so before its first task
        status = statuses.PAUSED if execution.status == statuses.PAUSING else execution.status
    if status != execution.status:
        change_status(execution, status)
    execution.worker = None
    if outcome.workflow is not None:
        execution.workflow = outcome.workflow
    if outcome.context:
        execution.context = {**execution.context, **outcome.context}
    if output:
        execution.output = output
    if isinstance(result, msgspec.Raw):
        execution.result, execution.result_size = result, len(result)
        return
    try:
        set_result(execution, result)
    except InvalidInput as error:
        execution.status = statuses.FAILED
        execution.log[-1].status = statuses.FAILED
        set_result(execution, {"error": error.message})
