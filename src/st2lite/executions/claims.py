"""Claiming executions for a worker, by compare-and-swap in one write.

Whoever loses a claim lets go. When the answer to a write is lost the worker asks the store until it knows: a live
worker that forgets an execution would leave it running for ever.
"""

from __future__ import annotations

import copy
import logging
import threading
from collections.abc import Callable

from st2lite.executions.admission import Admission
from st2lite.executions.lease import Lease
from st2lite.executions.outcomes import apply
from st2lite.executions.protocol import Outcome
from st2lite.executions.transitions import change_status
from st2lite.models import statuses
from st2lite.models.errors import StaleWrite, StoreUnavailable
from st2lite.models.execution import Execution, LogEntry
from st2lite.storage.contract import Store

logger = logging.getLogger(__name__)

RETRY_INTERVAL = 0.5
"""Seconds between attempts while the store is away: a claim must not be forgotten."""

Insert = Callable[[Execution], "Execution | None"]
"""Stores a new execution; returns what has its id already, if there is something. May be called again."""


class Claims:
    """Makes executions those of the worker with this lease, as policies allow, until `stopping` is set."""

    def __init__(self, store: Store, lease: Lease, admission: Admission | None, stopping: threading.Event) -> None:
        self.left_behind = False
        """Whether a claim was given up of which it is not known if it was written."""
        self._store = store
        self._lease = lease
        self._admission = admission
        self._stopping = stopping

    def has_limits(self, execution: Execution) -> bool:
        """Tell whether a policy may have something against an execution of this action."""
        return self._admission is not None and self._admission.has_limits(execution)

    def claim(self, execution: Execution, foreseen: Outcome | None = None) -> Execution | None:
        """Make the execution ours if the policies of its action let it begin; None when it is not to be had (now).

        An outcome that was `foreseen`, of an action without limits, is written with the claim, which is over then.
        """
        if self._admission is None or foreseen is not None:
            return self._take(execution, foreseen)
        while not self._stopping.is_set():
            try:
                return self._admission.admit(execution, self._take)
            except StoreUnavailable as error:
                logger.warning("Whether execution %s may begin is not known yet: %s", execution.id, error.message)
                self._stopping.wait(RETRY_INTERVAL)
        return None

    def insert(self, execution: Execution, insert: Insert, foreseen: Outcome | None = None) -> tuple[Execution, bool]:
        """Store a new execution in a claim of ours; return what is stored then, and whether that is the claim.

        Waits while the store is away. For `foreseen` see `claim`.
        """
        self._mark(execution, foreseen)
        while True:
            try:
                stored = insert(execution) or execution
                return stored, self._is_claim(stored, [execution.log[-1]], foreseen)
            except StoreUnavailable as error:
                logger.warning("It is not known yet whether execution %s is stored: %s", execution.id, error.message)
                if self._stopping.wait(RETRY_INTERVAL):
                    self.left_behind = True
                    raise

    def _take(self, execution: Execution, foreseen: Outcome | None = None) -> Execution | None:
        """Make the execution ours in one write; None when it is not to be had. Waits while the store is away."""
        execution = copy.copy(execution)
        attempts: list[LogEntry] = []
        while execution.status in (statuses.REQUESTED, statuses.DELAYED) and not self._stopping.is_set():
            self._mark(execution, foreseen)
            attempts.append(execution.log[-1])
            try:
                self._store.replace(execution)
                return execution
            except StaleWrite:
                pass  # the message is a hint: another worker was faster, or the document changed while it waited
            except StoreUnavailable as error:
                logger.warning("It is not known yet whether execution %s was claimed: %s", execution.id, error.message)
            fresh = self._read(execution.id)
            if fresh is None or self._is_claim(fresh, attempts, foreseen):
                return fresh
            execution = fresh
        return None

    def _mark(self, execution: Execution, foreseen: Outcome | None) -> None:
        change_status(execution, statuses.SCHEDULED, statuses.RUNNING)
        execution.worker = self._lease.holder
        execution.runner_info = self._lease.info
        if foreseen is not None:
            apply(execution, foreseen)

    def _read(self, identifier: str) -> Execution | None:
        while True:
            try:
                return self._store.get(Execution, identifier)
            except StoreUnavailable:
                if self._stopping.wait(RETRY_INTERVAL):
                    # It may be ours: then it is an orphan, and is found when the lease of this worker has run out.
                    self.left_behind = True
                    return None

    def _is_claim(self, stored: Execution, attempts: list[LogEntry], foreseen: Outcome | None) -> bool:
        """Tell whether the stored document holds one of our claims, of which perhaps only the answer was lost."""
        if foreseen is None:
            ours = stored.worker == self._lease.holder and stored.status in statuses.ON_A_WORKER
        else:
            ours = stored.runner_info == self._lease.info
        return ours and any(entry in stored.log for entry in attempts)
