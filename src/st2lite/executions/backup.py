"""The backup scheduler: finds what messages lost, what waited long enough and what a dead worker left behind.

Every change is a compare-and-swap, so any number of these may run beside each other.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping

from st2lite.executions import events
from st2lite.executions.backoff import BackOff
from st2lite.executions.outcomes import abandon
from st2lite.executions.silence import Silence
from st2lite.executions.transitions import change_status, start_over
from st2lite.messaging.contract import Bus
from st2lite.models import statuses, timestamps
from st2lite.models.action import WORKFLOW_RUNNERS
from st2lite.models.errors import St2liteError, StaleWrite, StoreUnavailable
from st2lite.models.execution import Execution, Worker
from st2lite.storage.contract import Equal, In, Order, Range, Store, claim

logger = logging.getLogger(__name__)

FIRST_ROUND = 0.5
"""Seconds after the start until the first round, at most."""

REST = 30.0
"""Seconds between rounds in which everything is looked at, as long as no execution is unfinished."""

_HELD = In("status", tuple(sorted(statuses.MAY_BE_HELD)))
"""Leads to the few that a worker may hold, without an index over workers: each execution would be moved in it twice."""
BATCH = 200
_UNFINISHED = tuple(sorted(frozenset(statuses.ALL) - statuses.COMPLETED))
_MOST_WAITING = 10_000


class BackupScheduler:
    """Runs its rounds on one thread. `interval` and `redispatch_after` are in seconds.

    `chores` are what else is due in each round, by what they do: they return how much they did. Those of `minding` look
    after executions that have not ended: without such, they rest. `clock` gives epoch seconds, `stopwatch` seconds that
    never go back.
    """

    def __init__(
        self,
        store: Store,
        bus: Bus,
        chores: Mapping[str, Callable[[], int]],
        interval: float,
        redispatch_after: float,
        clock: Callable[[], float] = time.time,
        stopwatch: Callable[[], float] = time.monotonic,
        minding: Mapping[str, Callable[[], int]] | None = None,
    ) -> None:
        self._store = store
        self._bus = bus
        self._chores = chores
        self._minding = minding or {}
        self._stopwatch = stopwatch
        self._rested = float("-inf")
        self._lock = threading.Lock()
        self._next_due: float | None = None
        self._alarm = threading.Event()
        self._interval = interval
        self._redispatch_after = redispatch_after
        self._clock = clock
        self._silence = Silence(stopwatch)
        self._backoff = BackOff(redispatch_after)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="backup-scheduler", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._alarm.set()
        self._thread.join()

    def expect(self, due: str) -> None:
        """Look for delayed executions at this time, besides all the times at which that is done anyway."""
        self._look_at(timestamps.to_epoch(due))
        self._alarm.set()

    def dispatch_due(self) -> int:
        """Hand over delayed executions whose time has come; return how many."""

        def release(execution: Execution) -> None:
            execution.due = None
            if execution.status == statuses.DELAYED:
                change_status(execution, statuses.REQUESTED)

        now = self._clock()
        with self._lock:
            self._next_due = None
        soon = (Range("due", lte=timestamps.from_epoch(now + self._interval)),)
        first = self._store.find(Execution, soon, (Order("due"),), 1, large=False)
        if not first or first[0].due is None:
            return 0
        moment = timestamps.from_epoch(now)
        if first[0].due > moment:
            self._look_at(timestamps.to_epoch(first[0].due))
            return 0
        won = claim(self._store, Execution, (Range("due", lte=moment),), release, BATCH, (Order("due"),))
        for execution in won:
            if not events.dispatch(self._bus, execution):
                break  # each further one would wait for the broker, too; they are found as lost later on
        if won:
            self._look_at(now)  # once more: there may be others
        return len(won)

    def dispatch_lost(self, older_than: float | None = None) -> int:
        """Send waiting executions again whose message may be lost; the more often in vain, the more rarely.

        `older_than` is in seconds, by default the interval this scheduler was made with.
        """
        now = self._clock()
        age = self._redispatch_after if older_than is None else older_than
        waiting: list[str] = []
        sent = 0
        for execution in self._waiting(timestamps.from_epoch(now - age)):
            if not self._backoff.holds(execution.id, now):
                if not events.dispatch(self._bus, execution):
                    return sent
                sent += 1
                self._backoff.note(execution.id, now)
            waiting.append(execution.id)
        self._backoff.keep(waiting)
        return sent

    def abandon_orphans(self) -> int:
        """End what dead workers held; return how many executions that were."""
        # Who holds something is asked first: a worker makes itself known before it claims anything.
        holders = self._store.distinct(Execution, "worker", (_HELD, Range("worker", gt="")))
        workers = {worker.id: worker for worker in self._store.find(Worker)}
        unknown = (str(holder) for holder in holders if holder not in workers)
        strays = [Worker(id=holder, hostname="an unknown host", pid=0, expires=1) for holder in unknown]
        count = 0
        for worker in self._silence.look([*workers.values(), *strays]):
            while True:
                held = self._store.find(Execution, (_HELD, Equal("worker", worker.id)), limit=BATCH)
                ended = sum(self._abandon(execution, worker) for execution in held)
                count += ended
                if not ended:
                    break
            # If it came back to life it renewed its lease, and stays.
            if self._store.delete(Worker, worker.id, worker.rev):
                logger.warning("Worker %s on %s (pid %s) is gone.", worker.id, worker.hostname, worker.pid)
        return count

    def remind_cancellations(self) -> int:
        """Ask again for executions that are being canceled, in case nobody ever heard of it.

        One that neither a worker holds nor is a workflow (a client set its status) has nobody to end it: it is canceled
        here.
        """
        held = self._store.find(Execution, (In("status", (statuses.CANCELING,)),), limit=BATCH, large=False)
        for execution in held:
            if execution.worker is None and execution.runner_name not in WORKFLOW_RUNNERS:
                with contextlib.suppress(StaleWrite):
                    abandon(self._store, self._bus, execution, "")
            elif not events.control(self._bus, execution, "cancel"):
                break
        return len(held)

    def round(self) -> None:
        """Do everything once; what fails is logged, and the rest done all the same."""
        self._attempt("dispatching what is due", self.dispatch_due)
        if self._has_to_mind():
            self._attempt("abandoning orphans", self.abandon_orphans)
            self._attempt("dispatching what was lost", self.dispatch_lost)
            self._attempt("reminding of cancellations", self.remind_cancellations)
            for what, chore in self._minding.items():
                self._attempt(what, chore)
        for what, chore in self._chores.items():
            self._attempt(what, chore)

    def _has_to_mind(self) -> bool:
        """Tell whether there are executions that have not ended, or it is time for a look at everything anyway."""
        now = self._stopwatch()
        if now - self._rested < REST:
            try:
                return bool(self._store.find(Execution, (In("status", _UNFINISHED),), limit=1, large=False))
            except StoreUnavailable:
                return True  # each step says for itself what is in its way
        self._rested = now
        return True

    def _look_at(self, moment: float) -> None:
        with self._lock:
            if self._next_due is None or moment < self._next_due:
                self._next_due = moment

    def _waiting(self, before: str) -> Iterator[Execution]:
        """Yield requested executions that no delay holds back, oldest first, in pages; at most `_MOST_WAITING`."""
        filters = (Equal("status", statuses.REQUESTED), Range("start_timestamp", lt=before))
        for offset in range(0, _MOST_WAITING, BATCH):
            page = self._store.find(Execution, filters, (Order("start_timestamp"),), BATCH, offset, large=False)
            yield from (execution for execution in page if execution.due is None)
            if len(page) < BATCH:
                return

    def _abandon(self, execution: Execution, worker: Worker) -> bool:
        reason = f"The action runner on {worker.hostname} (pid {worker.pid}) died while it ran this action."
        try:
            if execution.runner_name in WORKFLOW_RUNNERS and execution.status == statuses.RUNNING:
                # The worker had not begun it: a workflow that has begun is held by no worker.
                start_over(execution)
                self._store.replace(execution)
                events.dispatch(self._bus, execution)
            else:
                abandon(self._store, self._bus, execution, reason)
        except StaleWrite:
            return False
        except StoreUnavailable:
            raise
        except St2liteError as error:
            logger.warning("Execution %s cannot be abandoned: %s", execution.id, error.message)
            return False
        return True

    def _attempt(self, what: str, step: Callable[[], int]) -> None:
        if self._stopped.is_set():
            return
        try:
            step()
        except St2liteError as error:
            logger.warning("Backup scheduler, %s: %s", what, error.message)
        except Exception:
            logger.exception("Backup scheduler, %s: this failed; the next round follows.", what)

    def _loop(self) -> None:
        next_round = time.monotonic() + min(FIRST_ROUND, self._interval)
        while not self._stopped.is_set():
            pause = min(next_round - time.monotonic(), self._until_due())
            if pause > 0 and self._alarm.wait(pause):
                self._alarm.clear()
            elif time.monotonic() >= next_round:
                self.round()
                next_round = time.monotonic() + self._interval
            elif self._until_due() <= 0:
                self._attempt("dispatching what is due", self.dispatch_due)

    def _until_due(self) -> float:
        """Seconds until a delayed execution is due, as far as is known."""
        with self._lock:
            return float("inf") if self._next_due is None else self._next_due - self._clock()
