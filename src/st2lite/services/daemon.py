"""The life of a daemon's process: signals, waiting for what it needs, draining."""

from __future__ import annotations

import contextlib
import logging
import queue
import signal
from collections.abc import Callable
from types import FrameType
from typing import Protocol

from st2lite.config.schema import Config
from st2lite.services.context import AppContext
from st2lite.services.dependencies import wait_for
from st2lite.services.logs import reopen_logs
from st2lite.services.membership import Membership
from st2lite.services.supervisor import Supervisor, take_supervisor

logger = logging.getLogger(__name__)


class Service(Protocol):
    """Something that a daemon runs."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


class StopSignal:
    """Set by SIGTERM and SIGINT; SIGUSR1 re-opens log files. Made on the main thread."""

    def __init__(self) -> None:
        # Not an event: its lock may be held by the very code that a signal interrupts. This queue is made for that.
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._asked = False
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGUSR1, lambda _number, _frame: reopen_logs())

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the process is asked to stop; tell whether it was."""
        if not self._asked:
            with contextlib.suppress(queue.Empty):
                self._wake.get(timeout=timeout)
        return self._asked

    def request(self) -> None:
        """Ask the process to stop, from within."""
        self._asked = True
        self._wake.put(None)

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        if self._asked:
            # Asked twice: whoever asks does not want to wait for running actions any longer.
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self.request()


def serve(name: str, config: Config, make_service: Callable[[AppContext], Service]) -> None:
    """Run a service on a context of its own until the process is asked to stop, once database and broker answer."""
    stop = StopSignal()
    supervisor = take_supervisor()
    context = AppContext(config)
    if wait_for(context.connect, stop.wait, supervisor.ready):
        run_registered(name, context, make_service(context), stop, supervisor)
    context.close()


def run_registered(name: str, context: AppContext, service: Service, stop: StopSignal, supervisor: Supervisor) -> None:
    """`run` a service that is a process of its own, and keep it in the service registry meanwhile."""
    membership = Membership(context, {name: None})
    membership.start()
    run(name, service, stop, supervisor)
    membership.stop()


def run(name: str, service: Service, stop: StopSignal, supervisor: Supervisor) -> None:
    """Run a service until the process is asked to stop, then drain it."""
    service.start()
    logger.info("%s is ready.", name)
    supervisor.ready()
    stop.wait()
    logger.info("%s is stopping.", name)
    supervisor.stopping()
    service.stop()
    logger.info("%s has stopped.", name)
