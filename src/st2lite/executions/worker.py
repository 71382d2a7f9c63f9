"""The worker: takes jobs off the bus, claims them, runs them on its threads and has written how they ended.

Claiming is one write (requested -> running), ending is one write: see `claims` and `outcomes`. A worker holds a lease;
when it dies its lease runs out and the backup scheduler marks what it held as abandoned. Nothing is ever run twice:
whoever loses the claim, or finds the execution completed when it wants to end it, lets go.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from st2lite.executions import events
from st2lite.executions.admission import Admission
from st2lite.executions.claims import Claims, Insert
from st2lite.executions.holdings import Holdings
from st2lite.executions.lease import Lease
from st2lite.executions.outcomes import Outcomes
from st2lite.executions.output import Flusher, Output
from st2lite.executions.output_schema import checked
from st2lite.executions.protocol import Cancellation, Outcome, Run, Runner
from st2lite.executions.snapshots import Origin
from st2lite.messaging.contract import WORK, Acknowledge, Bus, Stoppable
from st2lite.messaging.messages import ExecutionControl, Message, WorkRequested
from st2lite.models import statuses
from st2lite.models.action import RunnerType
from st2lite.models.errors import St2liteError, StoreUnavailable
from st2lite.models.execution import Execution
from st2lite.storage.contract import Store

logger = logging.getLogger(__name__)

RETRY_INTERVAL = 0.5
"""Seconds between attempts to prepare a run while the store is away."""

PREFETCH = 16
"""Most messages that wait here to be claimed. What waits in a worker without a free slot waits in vain for others."""

PREPARATION_PATIENCE = 300.0
"""Seconds that a claimed execution waits for the store before it fails without having begun."""


class Runners(Protocol):
    """Finds the runner of a runner type (see `runners.registry`)."""

    def get(self, runner: RunnerType) -> Runner: ...


class Preparation(Protocol):
    """Makes the `Run` of a claimed execution; may raise `St2liteError` when it cannot be run."""

    def prepare(self, execution: Execution, origin: Origin, output: Output, cancellation: Cancellation) -> Run: ...


@dataclass(frozen=True)
class WorkerOptions:
    """How many executions run at the same time, and how; `lease` is in seconds.

    `planners` names runner types whose runners only read, and say how a workflow begins: that is found out before the
    execution is claimed, and written with the claim.
    """

    slots: int = 60
    lease: float = 30.0
    stream_output: bool = True
    validate_output: bool = False
    planners: frozenset[str] = frozenset()


class ExecutionWorker:
    """Runs executions.

    `tell_engine` is offered the tasks of chains that have ended here; where it returns False a message goes out.
    """

    def __init__(
        self,
        store: Store,
        bus: Bus,
        origin_of: Callable[[Execution], Origin],
        preparation: Preparation,
        runners: Runners,
        options: WorkerOptions,
        admission: Admission | None = None,
        tell_engine: Callable[[Execution], bool] = lambda _: False,
    ) -> None:
        self._bus = bus
        self._origin_of = origin_of
        self._preparation = preparation
        self._runners = runners
        self._options = options
        self._stopping = threading.Event()
        self._lease = Lease(store, options.lease)
        self._claims = Claims(store, self._lease, admission, self._stopping)
        self._outcomes = Outcomes(store, bus, self._lease.holder, tell_engine)
        self._holdings = Holdings(options.slots)
        self._thread = threading.local()
        self._pool = ThreadPoolExecutor(
            options.slots, "action", initializer=setattr, initargs=(self._thread, "ours", True)
        )
        self._flusher = Flusher(store, bus, options.stream_output)
        self._sources: list[Stoppable] = []

    def start(self) -> None:
        """Take the lease, then jobs."""
        self._lease.take()
        self._flusher.start()
        self._sources = [
            self._bus.subscribe((ExecutionControl,), self._control),
            self._bus.consume(WORK, self._receive, prefetch=min(self._options.slots, PREFETCH)),
        ]

    def stop(self, patience: float) -> None:
        """Take no more jobs; let running ones end for `patience` seconds, then cancel and abandon them."""
        self._stopping.set()
        for source in reversed(self._sources):
            source.stop()
        deadline = time.monotonic() + patience
        while self._holdings and time.monotonic() < deadline:
            time.sleep(0.02)
        for identifier, cancellation in self._holdings:
            self._outcomes.abandon(identifier)
            _stop(cancellation)
        self._pool.shutdown()
        self._flusher.stop()
        self._lease.end(run_out=self._claims.left_behind)

    @property
    def busy(self) -> int:
        """Number of executions that this worker runs now."""
        return len(self._holdings)

    def begin(self, execution: Execution, insert: Insert) -> Execution | None:
        """Store a new execution as one that runs here, and run it; None if there is no room for it, or a policy.

        What has the id of the execution already is returned then.
        """
        if self._claims.has_limits(execution):
            return None
        # Nobody asks on a thread of ours but at the end of what it has done.
        cancellation = self._holdings.hold_if_room(execution.id, leaving=getattr(self._thread, "ours", False))
        if cancellation is None:
            return None
        if self._stopping.is_set():  # asked when it is held: whoever stops the worker waits for what is, and no longer
            self._holdings.let_go(execution.id)
            self._holdings.job_done()
            return None
        begun = sent_again = False
        try:
            plan = self._plan(execution, cancellation)
            stored, begun = self._claims.insert(execution, insert, plan)
        finally:
            if not begun:
                sent_again = self._holdings.let_go(execution.id)
                self._holdings.job_done()
        if sent_again:  # somebody else has stored it, and its message was dropped because it is held here
            events.dispatch(self._bus, stored)
        if begun:
            events.announce_change(self._bus, stored, created=True)
            try:
                self._pool.submit(self._run_held, stored, cancellation, plan).add_done_callback(self._job_done)
            except RuntimeError:  # the worker has stopped this moment
                self._outcomes.abandon(stored.id)
                self._holdings.let_go(stored.id)
        return stored

    def _receive(self, message: Message, acknowledge: Acknowledge) -> None:
        if isinstance(message, WorkRequested):
            self._holdings.add_job()
            self._pool.submit(self._process, message.execution, acknowledge).add_done_callback(self._job_done)
        else:
            acknowledge()

    def _job_done(self, _: object) -> None:
        self._holdings.job_done()

    def _control(self, message: Message) -> None:
        if isinstance(message, ExecutionControl) and message.command == "cancel":
            cancellation = self._holdings.get(message.execution_id)
            if cancellation is not None:
                # Its callbacks may wait for processes to die: not on the bus's thread.
                threading.Thread(target=_stop, args=(cancellation,), name="cancel", daemon=True).start()

    def _process(self, execution: Execution, acknowledge: Acknowledge) -> None:
        cancellation = self._holdings.hold(execution.id)
        if cancellation is None:
            acknowledge()  # sent again while it is here
            return
        plan = self._plan(execution, cancellation)
        claimed = self._claim_or_let_go(execution, plan)
        if claimed is None and self._stopping.is_set():
            return  # perhaps for no other reason: its message goes back, and another worker need not wait for a new one
        try:
            acknowledge()
        except Exception:
            logger.exception("The message about execution %s is not acknowledged: it will come again.", execution.id)
        if claimed is not None:
            events.announce_change(self._bus, claimed)
            self._run_held(claimed, cancellation, plan)

    def _plan(self, execution: Execution, cancellation: Cancellation) -> Outcome | None:
        """How a workflow begins that is not claimed yet; None for other executions, and where that cannot be foreseen.

        What stands in the way comes up again once it is claimed, and is dealt with then.
        """
        if execution.runner_name not in self._options.planners or self._claims.has_limits(execution):
            return None
        output = Output(self._flusher, execution)
        try:
            outcome = self._call_runner(execution, output, cancellation)
        except Exception:  # noqa: BLE001 - see above
            return None
        finally:
            output.close()
        return outcome if outcome.workflow is not None else None

    def _claim_or_let_go(self, execution: Execution, plan: Outcome | None) -> Execution | None:
        """Claim an execution that is held here; what is not to be had is not held any more.

        If its message came again meanwhile it is tried once more: there may be room for it now.
        """
        while True:
            try:
                claimed = self._claims.claim(execution, plan)
            except Exception:
                logger.exception("Execution %s could not be claimed; it stays requested.", execution.id)
                claimed = None
            if claimed is not None or self._holdings.let_go_unless_sent_again(execution.id):
                return claimed

    def _run_held(self, execution: Execution, cancellation: Cancellation, plan: Outcome | None) -> None:
        try:
            if plan is None:
                self._run(execution, cancellation)
            elif plan.then is not None:
                plan.then(execution)
        except Exception:
            logger.exception("Execution %s was run and its end could not be recorded.", execution.id)
        finally:
            self._holdings.let_go(execution.id)

    def _run(self, execution: Execution, cancellation: Cancellation) -> None:
        if execution.status == statuses.CANCELING:
            self._outcomes.write(execution, Outcome(statuses.CANCELED, None))
            return
        output = Output(self._flusher, execution)
        try:
            outcome = self._call_runner(execution, output, cancellation)
        except St2liteError as error:
            outcome = Outcome(statuses.FAILED, {"error": error.message})
        except Exception as error:
            logger.exception("The runner of execution %s failed.", execution.id)
            outcome = Outcome(statuses.FAILED, {"error": str(error), "traceback": traceback.format_exc()})
        self._outcomes.write(execution, outcome, output.close())

    def _call_runner(self, execution: Execution, output: Output, cancellation: Cancellation) -> Outcome:
        origin, run = self._prepare(execution, output, cancellation)
        outcome = self._runners.get(origin.runner).run(run)
        return checked(outcome, origin.action, origin.runner) if self._options.validate_output else outcome

    def _prepare(self, execution: Execution, output: Output, cancellation: Cancellation) -> tuple[Origin, Run]:
        """Find out what to run; nothing has begun yet, so a store that is away for a moment is waited for."""
        deadline = time.monotonic() + PREPARATION_PATIENCE
        while True:
            try:
                origin = self._origin_of(execution)
                return origin, self._preparation.prepare(execution, origin, output, cancellation)
            except StoreUnavailable:
                if cancellation.requested or time.monotonic() >= deadline:
                    raise
                time.sleep(RETRY_INTERVAL)


def _stop(cancellation: Cancellation) -> None:
    try:
        cancellation.request()
    except Exception:
        logger.exception("A running action could not be told to stop.")
