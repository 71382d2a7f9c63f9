"""The bus contract: publish, work queues and subscriptions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from st2lite.messaging.messages import (
    ChildChanged,
    ExecutionControl,
    ExecutionDelayed,
    ExecutionFinished,
    Message,
    TriggerOccurred,
    WorkRequested,
)


@dataclass(frozen=True)
class Queue:
    """A durable queue: every message of these kinds is kept until one consumer has acknowledged it."""

    name: str
    kinds: tuple[type[Message], ...]


WORK = Queue("st2.actionrunner.work", (WorkRequested,))
NOTIFIER = Queue("st2.notifiers.execution.work", (ExecutionFinished, ExecutionDelayed))
WORKFLOW = Queue("st2.workflow.work", (ChildChanged, ExecutionControl))
RULES = Queue("st2.trigger_instances_dispatch.rules_engine", (TriggerOccurred,))
QUEUES = (WORK, NOTIFIER, WORKFLOW, RULES)

Acknowledge = Callable[[], None]
"""Tells the broker that a message was dealt with; safe to call from any thread, at most once."""


class Stoppable(Protocol):
    def stop(self) -> None:
        """Take no more messages, return when the handler runs no longer. Unacknowledged ones are delivered again."""


class Bus(Protocol):
    """The event bus. Safe to use from many threads; one instance per process (open it after forking)."""

    def declare(self) -> None:
        """Make sure that exchange and all `QUEUES` exist, so that nothing published from now on is lost."""

    def publish(self, message: Message) -> None:
        """Send a message to the queues and subscriptions of its kind.

        A durable message has been confirmed when this returns. Raises `BusUnavailable` when the broker cannot be
        reached or does not confirm within the configured time (durable); a message that is not durable is dropped then.
        """

    def consume(self, queue: Queue, handler: Callable[[Message, Acknowledge], None], prefetch: int) -> Stoppable:
        """Hand each message of a queue to `handler`, at most `prefetch` unacknowledged ones at a time.

        `handler` runs on the consumer's own thread and must return quickly. An exception in it is logged, and the
        message is acknowledged: a message that cannot be handled must not come back for ever. After a lost connection
        consuming goes on by itself, without limit.
        """

    def subscribe(self, kinds: tuple[type[Message], ...], handler: Callable[[Message], None]) -> Stoppable:
        """Hand a copy of every message of these kinds, published from now on, to `handler` (own thread; be quick)."""

    def ping(self) -> None:
        """Raise `BusUnavailable` unless the broker answers within a few seconds."""

    def close(self) -> None:
        """Stop all consumers and release connections."""
