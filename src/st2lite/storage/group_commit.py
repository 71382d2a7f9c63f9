"""Group commit: threads that write at the same time share one batch, and so one wait for the disk or the network.

The first thread to come runs its operation at once, without handing it to another thread. Those that come meanwhile
queue up; when it is done it wakes the first of them, which runs all that have queued as one batch, and so on.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from st2lite.models.errors import StoreUnavailable

Operation = TypeVar("Operation")


class Ticket(Generic[Operation]):
    """One operation in the queue and what became of it: `result`, or `error` if that is not None.

    `gate` is None while the thread that brought it does not wait; else it is locked until that thread may go on.
    """

    __slots__ = ("done", "error", "gate", "operation", "result")

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.result: Any = None
        self.error: BaseException | None = None
        self.done = False
        self.gate: threading.Lock | None = None

    def open_gate(self) -> None:
        if self.gate is not None and self.gate.locked():
            self.gate.release()


class GroupCommit(Generic[Operation]):
    """Runs operations in batches, one batch at a time.

    `run_batch` gets the tickets of a batch and must fill in `result` or `error` of each; it returns when the batch is
    durable. What it raises itself is the error of every ticket of the batch.
    """

    def __init__(self, run_batch: Callable[[Sequence[Ticket[Operation]]], None]) -> None:
        self._run_batch = run_batch
        self._mutex = threading.Lock()
        self._queue: deque[Ticket[Operation]] = deque()
        self._busy = False

    def run(self, operation: Operation) -> Any:
        """Run the operation in some batch, in this thread or another; return its result or raise its error."""
        ticket = Ticket(operation)
        gate = None
        with self._mutex:
            if self._busy:
                gate = ticket.gate = threading.Lock()
                gate.acquire()
                self._queue.append(ticket)
            else:
                self._busy = True
        if gate is None:
            self._lead([ticket])
        else:
            self._wait(ticket, gate)
        if ticket.error is not None:
            raise ticket.error
        return ticket.result

    def _wait(self, ticket: Ticket[Operation], gate: threading.Lock) -> None:
        """Wait until another thread has run the ticket, or until it is this thread's turn to run the batch."""
        try:
            gate.acquire()
        except BaseException:  # a signal handler raised: the queue must not wait for a thread that has gone
            with self._mutex:
                waiting = ticket in self._queue
                leads = waiting and not gate.locked()
                if waiting:
                    self._queue.remove(ticket)
            if leads:
                self._pass_on()
            raise
        if not ticket.done:
            with self._mutex:
                batch = list(self._queue)
                self._queue.clear()
            self._lead(batch)

    def _lead(self, batch: list[Ticket[Operation]]) -> None:
        try:
            self._run_batch(batch)
        except BaseException as error:
            # An interrupt of this thread is no business of the others, but their writes have not happened either.
            shared = error if isinstance(error, Exception) else StoreUnavailable("the write was interrupted; try again")
            for ticket in batch:
                ticket.error = shared
            if shared is not error:
                raise
        finally:
            # The next batch must not wait until this one's threads have woken, so its leader is woken first.
            self._pass_on()
            for ticket in batch:
                ticket.done = True
                ticket.open_gate()

    def _pass_on(self) -> None:
        """Let the first waiting thread run the next batch."""
        with self._mutex:
            if self._queue:
                self._queue[0].open_gate()
            else:
                self._busy = False
