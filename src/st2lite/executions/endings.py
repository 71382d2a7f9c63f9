"""What follows from the end of an execution: an ordered list of handlers, each called for every execution that ended.

A handler is called at least once per execution: a message may come twice, and what a crash interrupted is done again.
So whatever it makes has an id that is derived from the execution's (`models.ids.derived_id`).
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence

from st2lite.messaging.contract import Acknowledge
from st2lite.messaging.messages import ExecutionFinished, Message
from st2lite.models.errors import BusUnavailable, St2liteError, StoreUnavailable
from st2lite.models.execution import Execution

logger = logging.getLogger(__name__)

RETRY_INTERVAL = 0.5
"""Seconds between attempts while the store is away."""

Handler = Callable[[Execution], None]
"""Acts on an execution that has ended. The result is there only when it is small: see `queries.with_result`.

Must return quickly, and at once for an execution that it has nothing to do with.
"""


class Endings:
    """Consumes `ExecutionFinished`: calls all handlers in order, then acknowledges.

    A handler that fails is logged and harms no other. When the store is away the message is kept, and the handlers that
    have not succeeded are called again until they do. With `remember` it is kept in mind which executions were dealt
    with, until they are forgotten again: see `LostEndings`.
    """

    def __init__(self, handlers: Sequence[Handler], remember: bool = False) -> None:
        self._handlers = tuple(handlers)
        self._remember = remember
        self._handled: dict[str, str] = {}
        self._lock = threading.Lock()
        self._backlog: deque[tuple[Execution, tuple[Handler, ...], Acknowledge]] = deque()
        self._stopped = threading.Event()
        self._filled = threading.Event()
        self._thread = threading.Thread(target=self._retry, name="endings", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Give up what waits: its messages are not acknowledged, and come again."""
        self._stopped.set()
        self._filled.set()
        self._thread.join()

    def receive(self, message: Message, acknowledge: Acknowledge) -> None:
        """Handle a message of the queue `NOTIFIER`."""
        if isinstance(message, ExecutionFinished):
            self.handle(message.execution, acknowledge)
        else:
            acknowledge()

    def handle(self, execution: Execution, acknowledge: Acknowledge) -> None:
        """Call all handlers; when all have succeeded, now or later, call `acknowledge`."""
        # While something waits for the store the bus's thread must not wait for it, too, once per message.
        left = self._handlers if self._backlog else _call(self._handlers, execution)
        if left:
            self._backlog.append((execution, left, acknowledge))
            self._filled.set()
        else:
            self._done(execution, acknowledge)

    def knows(self, identifier: str) -> bool:
        """Tell whether the execution with this id was dealt with here and is not forgotten yet."""
        return identifier in self._handled

    def forget(self, before: str) -> None:
        """Forget executions that ended before this time."""
        with self._lock:
            self._handled = {key: end for key, end in self._handled.items() if end >= before}

    def _done(self, execution: Execution, acknowledge: Acknowledge) -> None:
        if self._remember and execution.end_timestamp:
            with self._lock:
                self._handled[execution.id] = execution.end_timestamp
        acknowledge()

    def _retry(self) -> None:
        while not self._stopped.is_set() and self._filled.wait() and not self._stopped.wait(RETRY_INTERVAL):
            self._filled.clear()
            while self._backlog and not self._stopped.is_set():
                execution, handlers, acknowledge = self._backlog[0]
                left = _call(handlers, execution)
                if left:
                    self._backlog[0] = execution, left, acknowledge
                    self._filled.set()
                    break
                self._done(execution, acknowledge)
                self._backlog.popleft()


def _call(handlers: tuple[Handler, ...], execution: Execution) -> tuple[Handler, ...]:
    """Call handlers in order; return those for which the store was away."""
    for position, handler in enumerate(handlers):
        try:
            handler(execution)
        except (StoreUnavailable, BusUnavailable) as error:
            logger.warning("What follows from the end of execution %s has to wait: %s", execution.id, error.message)
            return handlers[position:]
        except St2liteError as error:
            logger.warning("After the end of execution %s: %s", execution.id, error.message)
        except Exception:
            logger.exception("A handler failed on the end of execution %s.", execution.id)
    return ()
