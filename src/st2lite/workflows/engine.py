"""The engine of chains: takes messages about chains and their children, and has each chain go on.

It sleeps until a message comes. What a lost message would have started is found by `recovery`.
"""

from __future__ import annotations

import functools
import logging
import threading
import traceback
from concurrent.futures import Future, ThreadPoolExecutor

from st2lite.executions import events
from st2lite.messaging.contract import WORKFLOW, Acknowledge, Bus, Stoppable
from st2lite.messaging.messages import ChildChanged, ExecutionControl, Message
from st2lite.models.errors import StoreUnavailable
from st2lite.models.execution import Execution
from st2lite.workflows.progress import Progress

logger = logging.getLogger(__name__)

RETRY_INTERVAL = 0.5
"""Seconds between attempts while the store is away."""

SLOTS = 8
"""Chains that are moved on at the same time, by a process; each step takes milliseconds, most of them in the store."""


class ChainEngine:
    """Consumes the messages of workflows."""

    def __init__(self, bus: Bus, progress: Progress, slots: int = SLOTS) -> None:
        self._bus = bus
        self._progress = progress
        self._slots = slots
        self._pool = ThreadPoolExecutor(slots, thread_name_prefix="chain")
        self._stopping = threading.Event()
        self._source: Stoppable | None = None

    def start(self) -> None:
        self._source = self._bus.consume(WORKFLOW, self._receive, prefetch=self._slots)

    def stop(self) -> None:
        """Take no more messages, and finish the steps that were begun."""
        self._stopping.set()
        if self._source is not None:
            self._source.stop()
        self._pool.shutdown(cancel_futures=True)

    def child_ended(self, child: Execution) -> bool:
        """Look at the chain of a task that has ended in this process, on the thread of that; False when it stops.

        While the store is away a thread of the engine waits for it: the other one may be needed for an action.
        """
        identifier = child.parent or ""
        try:
            if self._stopping.is_set():
                return False
            self._progress.look(identifier, child)
        except StoreUnavailable:
            return self._look_later(identifier, child)
        except Exception as error:  # noqa: BLE001 - logged there
            self._give_up(identifier, error)
        return True

    def _look_later(self, identifier: str, child: Execution) -> bool:
        try:
            looking = self._pool.submit(self._look, identifier, child, lambda: None)
        except RuntimeError:
            return False
        looking.add_done_callback(functools.partial(self._pass_on, child))
        return True

    def _pass_on(self, child: Execution, looking: Future[bool]) -> None:
        """Leave to another engine what this one has not come to before it stops."""
        if looking.cancelled() or not looking.result():
            events.tell_parent(self._bus, child)

    def go_on(self, execution: Execution) -> None:
        """Request the first child of a chain whose state was just written."""
        try:
            self._progress.begin(execution)
        except StoreUnavailable as error:
            logger.warning("The first task of chain %s is not requested yet: %s", execution.id, error.message)
        except Exception as error:  # noqa: BLE001 - logged there
            self._give_up(execution.id, error)

    def _receive(self, message: Message, acknowledge: Acknowledge) -> None:
        if isinstance(message, ChildChanged) and message.execution.parent:
            self._pool.submit(self._look, message.execution.parent, message.execution, acknowledge)
        elif isinstance(message, ExecutionControl):
            self._pool.submit(self._look, message.execution_id, None, acknowledge)
        else:
            acknowledge()

    def _look(self, identifier: str, child: Execution | None, acknowledge: Acknowledge) -> bool:
        """Do what is due for a chain, then acknowledge; False if the engine stops before that is done."""
        while not self._stopping.is_set():
            try:
                self._progress.look(identifier, child)
            except StoreUnavailable:
                self._stopping.wait(RETRY_INTERVAL)
                continue
            except Exception as error:  # noqa: BLE001 - logged there
                self._give_up(identifier, error)
            acknowledge()
            return True
        return False

    def _give_up(self, identifier: str, error: Exception) -> None:
        """A chain that fails unforeseen fails the same way each time: it ends here, and says so."""
        logger.exception("Chain %s cannot go on.", identifier)
        try:
            self._progress.fail(identifier, f"The chain cannot go on: {error}", traceback.format_exc())
        except Exception:
            logger.exception("The failure of chain %s could not be recorded.", identifier)
