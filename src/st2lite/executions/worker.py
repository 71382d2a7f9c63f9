"""The worker: takes jobs off the bus, claims them by compare-and-swap, runs them and writes how they ended.

Claiming is one write (requested -> running), ending is one write. A worker holds a lease; when it dies its lease runs
out and the backup scheduler marks what it held as abandoned. Nothing is ever run twice: whoever loses the claim, or
finds the execution completed when it wants to end it, lets go. When the answer to a write is lost the worker asks the
store until it knows: a live worker that forgets an execution would leave it running for ever.
"""

from __future__ import annotations

import contextlib
import copy
import logging
import os
import socket
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from st2lite.executions import events
from st2lite.executions.admission import Admission
from st2lite.executions.output import Flusher, Output
from st2lite.executions.output_schema import checked
from st2lite.executions.protocol import Cancellation, Outcome, Run, Runner
from st2lite.executions.snapshots import Origin
from st2lite.executions.transitions import change_status, set_result
from st2lite.messaging.contract import WORK, Acknowledge, Bus, Stoppable
from st2lite.messaging.messages import ExecutionControl, Message, WorkRequested
from st2lite.models import statuses
from st2lite.models.action import RunnerType
from st2lite.models.errors import InvalidInput, St2liteError, StaleWrite, StoreUnavailable
from st2lite.models.execution import NO_RESULT, Execution, LogEntry, Worker
from st2lite.models.ids import new_id
from st2lite.storage.contract import Store

logger = logging.getLogger(__name__)

RETRY_INTERVAL = 0.5
"""Seconds between attempts to write a claim or an end while the store is away: neither must be forgotten."""

PREFETCH = 8
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
    """How many executions run at the same time, and how; `lease` is in seconds."""

    slots: int = 60
    lease: float = 30.0
    stream_output: bool = True
    validate_output: bool = False


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
        self._store = store
        self._bus = bus
        self._origin_of = origin_of
        self._preparation = preparation
        self._runners = runners
        self._options = options
        self._admission = admission
        self._tell_engine = tell_engine
        self._record = Worker(
            id=new_id(), hostname=socket.gethostname(), pid=os.getpid(), expires=0, lease=options.lease
        )
        self._info = {"hostname": self._record.hostname, "pid": self._record.pid}
        self._pool = ThreadPoolExecutor(options.slots, thread_name_prefix="action")
        self._flusher = Flusher(store, bus, options.stream_output)
        # What this worker claims or runs. Only who put an execution in takes it out: messages can come twice.
        self._held: dict[str, Cancellation] = {}
        self._sent_again: set[str] = set()
        # Jobs that came and are not done with; never more may begin without one than there are threads for.
        self._jobs = 0
        self._holding = threading.Lock()
        self._left_behind = False
        self._stopping = threading.Event()
        self._idle = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="lease", daemon=True)
        self._sources: list[Stoppable] = []

    def start(self) -> None:
        """Take the lease, then jobs."""
        self._record.expires = time.time() + self._options.lease
        self._store.insert(self._record)
        self._flusher.start()
        self._heart.start()
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
        while self._held and time.monotonic() < deadline:
            time.sleep(0.02)
        for identifier, cancellation in list(self._held.items()):
            self._abandon(identifier)
            _stop(cancellation)
        self._pool.shutdown()
        self._idle.set()
        self._flusher.stop()
        self._heart.join()
        if not self._left_behind:
            with contextlib.suppress(StoreUnavailable):  # the lease runs out by itself
                self._store.delete(Worker, self._record.id)

    @property
    def busy(self) -> int:
        """Number of executions that this worker runs now."""
        return len(self._held)

    def _receive(self, message: Message, acknowledge: Acknowledge) -> None:
        if isinstance(message, WorkRequested):
            with self._holding:
                self._jobs += 1
            self._pool.submit(self._process, message.execution, acknowledge).add_done_callback(self._job_done)
        else:
            acknowledge()

    def begin(self, execution: Execution, insert: Callable[[Execution], Execution | None]) -> Execution | None:
        """Store a new execution as one that runs here, and run it; None if there is no room for it, or a policy.

        `insert` may be called again; it returns what has the id of the execution already, which is returned then.
        """
        if self._admission is not None and self._admission.has_limits(execution):
            return None
        cancellation = Cancellation()
        with self._holding:
            if self._stopping.is_set() or self._jobs >= self._options.slots or execution.id in self._held:
                return None
            self._jobs += 1
            self._held[execution.id] = cancellation
        begun = sent_again = False
        try:
            stored = self._insert_claimed(execution, insert)
            begun = stored.worker == self._record.id and stored.status in statuses.ON_A_WORKER
        finally:
            if not begun:
                sent_again = self._let_go(execution)
                self._job_done()
        if sent_again:  # somebody else has stored it, and its message was dropped because it is held here
            events.dispatch(self._bus, stored)
        if begun:
            events.announce_change(self._bus, stored, created=True)
            try:
                self._pool.submit(self._run_held, stored, cancellation).add_done_callback(self._job_done)
            except RuntimeError:  # the worker has stopped this moment
                self._abandon(stored.id)
                self._let_go(stored)
        return stored

    def _insert_claimed(self, execution: Execution, insert: Callable[[Execution], Execution | None]) -> Execution:
        """Store a new execution in a claim of ours, and return what is stored then. Waits while the store is away."""
        self._mark_claimed(execution)
        while True:
            try:
                return insert(execution) or execution
            except StoreUnavailable as error:
                logger.warning("It is not known yet whether execution %s is stored: %s", execution.id, error.message)
                if self._stopping.wait(RETRY_INTERVAL):
                    self._left_behind = True
                    raise

    def _job_done(self, _: object = None) -> None:
        with self._holding:
            self._jobs -= 1

    def _let_go(self, execution: Execution) -> bool:
        """Hold an execution no more; tell whether its message came meanwhile."""
        with self._holding:
            sent_again = execution.id in self._sent_again
            self._sent_again.discard(execution.id)
            del self._held[execution.id]
        return sent_again

    def _control(self, message: Message) -> None:
        if isinstance(message, ExecutionControl) and message.command == "cancel":
            cancellation = self._held.get(message.execution_id)
            if cancellation is not None:
                # Its callbacks may wait for processes to die: not on the bus's thread.
                threading.Thread(target=_stop, args=(cancellation,), name="cancel", daemon=True).start()

    def _process(self, execution: Execution, acknowledge: Acknowledge) -> None:
        cancellation = Cancellation()
        with self._holding:
            if execution.id in self._held:
                self._sent_again.add(execution.id)
            else:
                self._held[execution.id] = cancellation
        if self._held.get(execution.id) is not cancellation:
            acknowledge()  # sent again while it is here
            return
        claimed = self._claim_or_let_go(execution)
        try:
            acknowledge()
        except Exception:
            logger.exception("The message about execution %s is not acknowledged: it will come again.", execution.id)
        if claimed is not None:
            events.announce_change(self._bus, claimed)
            self._run_held(claimed, cancellation)

    def _run_held(self, execution: Execution, cancellation: Cancellation) -> None:
        try:
            self._run(execution, cancellation)
        except Exception:
            logger.exception("Execution %s was run and its end could not be recorded.", execution.id)
        finally:
            self._let_go(execution)

    def _claim_or_let_go(self, execution: Execution) -> Execution | None:
        """Claim an execution that is held here; what is not to be had is not held any more.

        If its message came again meanwhile it is tried once more: there may be room for it now.
        """
        while True:
            try:
                claimed = self._claim(execution)
            except Exception:
                logger.exception("Execution %s could not be claimed; it stays requested.", execution.id)
                claimed = None
            with self._holding:
                if claimed is not None:
                    return claimed
                if execution.id not in self._sent_again:
                    del self._held[execution.id]
                    return None
                self._sent_again.remove(execution.id)

    def _claim(self, execution: Execution) -> Execution | None:
        """Make the execution ours if the policies of its action let it begin; None when it is not to be had (now)."""
        if self._admission is None:
            return self._take(execution)
        while not self._stopping.is_set():
            try:
                return self._admission.admit(execution, self._take)
            except StoreUnavailable as error:
                logger.warning("Whether execution %s may begin is not known yet: %s", execution.id, error.message)
                self._stopping.wait(RETRY_INTERVAL)
        return None

    def _take(self, execution: Execution) -> Execution | None:
        """Make the execution ours in one write; None when it is not to be had. Waits while the store is away."""
        execution = copy.copy(execution)
        attempts: list[LogEntry] = []
        while execution.status in (statuses.REQUESTED, statuses.DELAYED) and not self._stopping.is_set():
            self._mark_claimed(execution)
            attempts.append(execution.log[-1])
            try:
                self._store.replace(execution)
                return execution
            except StaleWrite:
                pass  # the message is a hint: another worker was faster, or the document changed while it waited
            except StoreUnavailable as error:
                logger.warning("It is not known yet whether execution %s was claimed: %s", execution.id, error.message)
            fresh = self._read_claimed(execution.id)
            if fresh is None or self._is_claim(fresh, attempts):
                return fresh
            execution = fresh
        return None

    def _mark_claimed(self, execution: Execution) -> None:
        change_status(execution, statuses.SCHEDULED, statuses.RUNNING)
        execution.worker = self._record.id
        execution.runner_info = self._info

    def _read_claimed(self, identifier: str) -> Execution | None:
        while True:
            try:
                return self._store.get(Execution, identifier)
            except StoreUnavailable:
                if self._stopping.wait(RETRY_INTERVAL):
                    # It may be ours: then it is an orphan, and is found when the lease of this worker has run out.
                    self._left_behind = True
                    return None

    def _is_claim(self, fresh: Execution, attempts: list[LogEntry]) -> bool:
        """Tell whether the stored document holds one of our claims, of which only the answer was lost."""
        ours = fresh.worker == self._record.id and fresh.status in statuses.ON_A_WORKER
        return ours and any(entry in fresh.log for entry in attempts)

    def _run(self, execution: Execution, cancellation: Cancellation) -> None:
        if execution.status == statuses.CANCELING:
            self._end(execution, Outcome(statuses.CANCELED, None), NO_RESULT)
            return
        output = Output(self._flusher, execution)
        try:
            origin, run = self._prepare(execution, output, cancellation)
            outcome = self._runners.get(origin.runner).run(run)
            if self._options.validate_output:
                outcome = checked(outcome, origin.action, origin.runner)
        except St2liteError as error:
            outcome = Outcome(statuses.FAILED, {"error": error.message})
        except Exception as error:
            logger.exception("The runner of execution %s failed.", execution.id)
            outcome = Outcome(statuses.FAILED, {"error": str(error), "traceback": traceback.format_exc()})
        self._end(execution, outcome, output.close())

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

    def _end(self, execution: Execution, outcome: Outcome, output: msgspec.Raw) -> None:
        """Write how the execution ended, whatever happened to the document meanwhile; retry while the store is away.

        What cannot be stored at all (a document too large for the database) becomes a failure that says so.
        """
        refused = waiting = False
        while True:
            try:
                _apply(execution, outcome, output)
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
            if fresh is None or (outcome.workflow is not None and fresh.worker != self._record.id):
                return
            execution = fresh
        if execution.status in statuses.COMPLETED:
            events.announce_end(self._bus, execution, self._tell_engine)
        elif outcome.then is not None:  # a workflow; that it runs was announced when it was claimed
            outcome.then(execution)
        else:
            events.announce_change(self._bus, execution)

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

    def _abandon(self, identifier: str) -> None:
        try:
            execution = self._store.get(Execution, identifier)
            if execution is not None and execution.worker == self._record.id:
                abandon(self._store, self._bus, execution, "The action runner was stopped while the action ran.")
        except StaleWrite:
            pass  # it ended this very moment
        except St2liteError as error:
            logger.warning("Execution %s is stopped and could not be abandoned: %s", identifier, error.message)

    def _beat(self) -> None:
        """Renew the lease while the process lives, also while it drains."""
        pause = self._options.lease / 3
        while not self._idle.wait(pause):
            renewed = self._renew()
            # After an outage the lease has run out: renew it before anybody takes this worker for dead.
            pause = self._options.lease / 3 if renewed else min(self._options.lease / 3, RETRY_INTERVAL)

    def _renew(self) -> bool:
        record = self._record
        record.expires = time.time() + self._options.lease
        try:
            try:
                self._store.replace(record)
            except StaleWrite:
                stored = self._store.get(Worker, record.id)
                if stored is None:
                    logger.error("This worker was given up for dead (it was silent too long); it takes a new lease.")
                    record.rev = 0
                    self._store.insert(record)
                else:  # an earlier renewal was done, and only its answer lost
                    record.rev = stored.rev
                    self._store.replace(record)
        except St2liteError as error:
            logger.warning("The lease could not be renewed: %s", error.message)
            return False
        except Exception:
            logger.exception("The lease could not be renewed.")
            return False
        return True


def abandon(store: Store, bus: Bus, execution: Execution, reason: str) -> None:
    """End an execution whose worker is gone; raise `StaleWrite` when it changed meanwhile."""
    final = statuses.CANCELED if execution.status == statuses.CANCELING else statuses.ABANDONED
    change_status(execution, final)
    if final == statuses.ABANDONED:
        set_result(execution, {"error": reason})
    store.replace(execution)
    events.announce_end(bus, execution)


def _stop(cancellation: Cancellation) -> None:
    try:
        cancellation.request()
    except Exception:
        logger.exception("A running action could not be told to stop.")


def _apply(execution: Execution, outcome: Outcome, output: msgspec.Raw) -> None:
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
