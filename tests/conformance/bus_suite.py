"""What every event bus must do: the suite that both transports pass. A subclass provides the fixture `bus`."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

import msgspec
import pytest

from st2lite.messaging.contract import NOTIFIER, WORK, Acknowledge, Bus, Queue
from st2lite.messaging.messages import (
    Announced,
    ExecutionChanged,
    ExecutionControl,
    ExecutionDeleted,
    ExecutionFinished,
    Message,
    OutputAppended,
    WorkRequested,
)
from st2lite.models.execution import Execution, LogEntry, OutputChunk
from st2lite.models.ids import new_id
from tests.processes import PATIENCE


def make_execution(**changes: Any) -> Execution:
    """An execution that holds every kind of value."""
    values: dict[str, Any] = {
        "id": new_id(),
        "rev": 3,
        "action_ref": "core.local",
        "action_snapshot": "a" * 40,
        "runner_name": "local-shell-cmd",
        "runner_snapshot": "b" * 40,
        "liveaction_id": new_id(),
        "start_timestamp": "2026-01-31T12:00:00.000000Z",
        "parameters": {"cmd": "écho ☃", "env": {"A": "1"}},
        "context": {"user": "ada"},
        "log": [LogEntry("2026-01-31T12:00:00.000000Z", "requested")],
    }
    return Execution(**{**values, **changes})


def make_chunk() -> OutputChunk:
    return OutputChunk(
        id=new_id(),
        execution_id=new_id(),
        action_ref="core.local",
        runner_ref="local-shell-cmd",
        timestamp="2026-01-31T12:00:00.000000Z",
        output_type="stdout",
        data="line\n",
    )


class Inbox:
    """Collects what a handler gets, acknowledged at once or by hand."""

    def __init__(self, acknowledge: bool = True) -> None:
        self.items: SimpleQueue[tuple[Message, Acknowledge]] = SimpleQueue()
        self._acknowledge = acknowledge

    def consume(self, message: Message, acknowledge: Acknowledge) -> None:
        self.items.put((message, acknowledge))
        if self._acknowledge:
            acknowledge()

    def subscribe(self, message: Message) -> None:
        self.items.put((message, lambda: None))

    def next(self) -> Message:
        return self.items.get(timeout=PATIENCE)[0]

    def next_with_acknowledge(self) -> tuple[Message, Acknowledge]:
        return self.items.get(timeout=PATIENCE)

    def take(self, count: int) -> list[Message]:
        return [self.next() for _ in range(count)]

    def assert_empty(self, settle: Callable[[], None]) -> None:
        """Nothing is here once `settle` has returned (a later message that has gone the same way arrived)."""
        settle()
        with pytest.raises(Empty):
            self.items.get_nowait()


def ids(messages: list[Message]) -> list[str]:
    return [message.execution.id for message in messages]


class BusSuite:
    def test_a_durable_message_waits_for_its_consumer(self, bus: Bus) -> None:
        execution = make_execution()
        bus.publish(WorkRequested(execution))
        inbox = Inbox()
        bus.consume(WORK, inbox.consume, prefetch=1)
        assert inbox.next() == WorkRequested(execution)

    def test_messages_of_one_publisher_arrive_in_order(self, bus: Bus) -> None:
        inbox = Inbox()
        bus.consume(WORK, inbox.consume, prefetch=5)
        executions = [make_execution() for _ in range(50)]
        for execution in executions:
            bus.publish(WorkRequested(execution))
        assert ids(inbox.take(50)) == [execution.id for execution in executions]

    @pytest.mark.parametrize(
        "message",
        [
            WorkRequested(make_execution()),
            ExecutionChanged(make_execution(), created=True),
            ExecutionFinished(make_execution(result=msgspec.Raw(b'{"stdout":"x"}'))),
            ExecutionDeleted(make_execution()),
            OutputAppended([make_chunk(), make_chunk()]),
            ExecutionControl(new_id(), "cancel"),
            Announced("chatops", {"message": "hello"}, {"id_": "1", "trace_tag": "t"}),
        ],
        ids=lambda message: type(message).__name__,
    )
    def test_every_kind_arrives_as_it_was_sent(self, bus: Bus, message: Message) -> None:
        inbox = Inbox()
        bus.subscribe((type(message),), inbox.subscribe)
        bus.publish(message)
        arrived = inbox.next()
        if isinstance(message, ExecutionFinished):
            assert bytes(arrived.execution.result) == bytes(message.execution.result)
            arrived.execution.result = message.execution.result
        assert arrived == message

    def test_a_result_that_was_not_read_is_left_out(self, bus: Bus) -> None:
        execution = make_execution(result=msgspec.Raw(b""))
        inbox = Inbox()
        bus.subscribe((ExecutionChanged,), inbox.subscribe)
        bus.publish(ExecutionChanged(execution))
        assert bytes(inbox.next().execution.result) == b""

    def test_each_queue_gets_its_kinds_only(self, bus: Bus) -> None:
        work, finished = Inbox(), Inbox()
        bus.consume(WORK, work.consume, prefetch=5)
        bus.consume(NOTIFIER, finished.consume, prefetch=5)
        first, second = make_execution(), make_execution()
        bus.publish(ExecutionFinished(first))
        bus.publish(ExecutionChanged(first))
        bus.publish(WorkRequested(second))
        assert work.next() == WorkRequested(second)
        assert isinstance(finished.next(), ExecutionFinished)

    def test_a_message_goes_to_one_consumer_of_a_queue(self, bus: Bus) -> None:
        inboxes = [Inbox(), Inbox()]
        for inbox in inboxes:
            bus.consume(WORK, inbox.consume, prefetch=1)
        sent = [make_execution().id for _ in range(40)]
        for identifier in sent:
            bus.publish(WorkRequested(make_execution(id=identifier)))
        seen: list[str] = []
        for inbox in inboxes:
            # Consumers that acknowledge at once take turns, so that each of the two gets some.
            seen.append(ids([inbox.next()])[0])
        while len(seen) < len(sent):
            for inbox in inboxes:
                try:
                    seen.append(inbox.items.get(timeout=0.05)[0].execution.id)
                except Empty:
                    continue
        assert sorted(seen) == sorted(sent)

    def test_every_subscriber_gets_a_copy(self, bus: Bus) -> None:
        inboxes = [Inbox(), Inbox()]
        for inbox in inboxes:
            bus.subscribe((ExecutionChanged, Announced), inbox.subscribe)
        execution = make_execution()
        bus.publish(ExecutionChanged(execution))
        bus.publish(Announced("general", {}))
        for inbox in inboxes:
            assert inbox.take(2) == [ExecutionChanged(execution), Announced("general", {})]

    def test_a_subscription_sees_only_what_comes_later(self, bus: Bus) -> None:
        bus.publish(ExecutionChanged(make_execution()))
        inbox = Inbox()
        bus.subscribe((ExecutionChanged,), inbox.subscribe)
        later = make_execution()
        bus.publish(ExecutionChanged(later))
        assert inbox.next() == ExecutionChanged(later)

    def test_a_stopped_subscription_gets_nothing(self, bus: Bus) -> None:
        stopped, other = Inbox(), Inbox()
        subscription = bus.subscribe((ExecutionChanged,), stopped.subscribe)
        bus.subscribe((ExecutionChanged,), other.subscribe)
        subscription.stop()
        bus.publish(ExecutionChanged(make_execution()))
        stopped.assert_empty(settle=lambda: other.take(1) and None)

    def test_prefetch_bounds_what_is_unacknowledged(self, bus: Bus) -> None:
        inbox = Inbox(acknowledge=False)
        bus.consume(WORK, inbox.consume, prefetch=2)
        executions = [make_execution() for _ in range(4)]
        for execution in executions:
            bus.publish(WorkRequested(execution))
        first = inbox.next_with_acknowledge()
        second = inbox.next_with_acknowledge()
        with pytest.raises(Empty):
            inbox.items.get(timeout=0.3)
        second[1]()
        third = inbox.next_with_acknowledge()
        assert ids([first[0], second[0], third[0]]) == [execution.id for execution in executions[:3]]
        first[1]()
        assert inbox.next().execution.id == executions[3].id

    def test_acknowledging_works_from_any_thread_and_counts_once(self, bus: Bus) -> None:
        inbox = Inbox(acknowledge=False)
        bus.consume(WORK, inbox.consume, prefetch=1)
        executions = [make_execution() for _ in range(3)]
        for execution in executions:
            bus.publish(WorkRequested(execution))
        _, acknowledge = inbox.next_with_acknowledge()
        threads = [threading.Thread(target=acknowledge) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert inbox.next().execution.id == executions[1].id
        with pytest.raises(Empty):
            inbox.items.get(timeout=0.3)

    def test_stopping_hands_unacknowledged_messages_to_another_consumer(self, bus: Bus) -> None:
        executions = [make_execution() for _ in range(3)]
        first = Inbox(acknowledge=False)
        consumer = bus.consume(WORK, first.consume, prefetch=3)
        for execution in executions:
            bus.publish(WorkRequested(execution))
        acknowledged, acknowledge = first.next_with_acknowledge()
        first.take(2)
        acknowledge()
        consumer.stop()
        second = Inbox()
        bus.consume(WORK, second.consume, prefetch=3)
        assert ids([acknowledged, *second.take(2)]) == [execution.id for execution in executions]

    def test_a_message_delivered_again_is_unchanged(self, bus: Bus) -> None:
        first = Inbox(acknowledge=False)
        consumer = bus.consume(WORK, first.consume, prefetch=1)
        execution = make_execution()
        bus.publish(WorkRequested(execution))
        taken = first.next()
        taken.execution.status = "running"
        taken.execution.context["worker"] = "w"
        taken.execution.log.append(LogEntry("", "running"))
        consumer.stop()
        second = Inbox()
        bus.consume(WORK, second.consume, prefetch=1)
        assert second.next() == WorkRequested(execution)

    def test_acknowledging_after_stop_is_harmless(self, bus: Bus) -> None:
        first = Inbox(acknowledge=False)
        consumer = bus.consume(WORK, first.consume, prefetch=1)
        bus.publish(WorkRequested(make_execution()))
        message, acknowledge = first.next_with_acknowledge()
        consumer.stop()
        acknowledge()
        second = Inbox()
        bus.consume(WORK, second.consume, prefetch=1)
        assert second.next() == message

    def test_stop_waits_for_the_handler(self, bus: Bus) -> None:
        entered, leave, left = threading.Event(), threading.Event(), threading.Event()

        def handler(message: Message, acknowledge: Acknowledge) -> None:
            entered.set()
            leave.wait(PATIENCE)
            left.set()
            acknowledge()

        consumer = bus.consume(WORK, handler, prefetch=1)
        bus.publish(WorkRequested(make_execution()))
        assert entered.wait(PATIENCE)
        stopper = threading.Thread(target=consumer.stop)
        stopper.start()
        leave.set()
        stopper.join(PATIENCE)
        assert left.is_set()

    def test_a_handler_may_stop_its_own_consumer(self, bus: Bus) -> None:
        stopped = threading.Event()
        consumers: list[Any] = []
        ready = threading.Event()

        def handler(message: Message, acknowledge: Acknowledge) -> None:
            ready.wait(PATIENCE)
            acknowledge()
            consumers[0].stop()
            stopped.set()

        consumers.append(bus.consume(WORK, handler, prefetch=1))
        ready.set()
        bus.publish(WorkRequested(make_execution()))
        assert stopped.wait(PATIENCE)

    def test_what_was_stopped_is_forgotten(self, bus: Bus) -> None:
        """Subscriptions come and go with the clients of a stream, for as long as the process lives."""
        handlers = [Inbox(), Inbox()]
        gone = [weakref.ref(handler) for handler in handlers]
        bus.subscribe((Announced,), handlers[0].subscribe).stop()
        bus.consume(WORK, handlers[1].consume, prefetch=1).stop()
        handlers.clear()
        gc.collect()
        assert [reference() for reference in gone] == [None, None]

    def test_a_failing_handler_is_logged_and_does_not_get_the_message_again(
        self, bus: Bus, caplog: pytest.LogCaptureFixture
    ) -> None:
        seen: SimpleQueue[str] = SimpleQueue()

        def handler(message: Message, acknowledge: Acknowledge) -> None:
            assert isinstance(message, WorkRequested)
            seen.put(message.execution.id)
            raise RuntimeError("broken handler")

        bus.consume(WORK, handler, prefetch=1)
        executions = [make_execution(), make_execution()]
        for execution in executions:
            bus.publish(WorkRequested(execution))
        assert [seen.get(timeout=PATIENCE) for _ in executions] == [execution.id for execution in executions]
        assert "broken handler" in caplog.text

    def test_a_failing_subscriber_is_logged_and_goes_on(self, bus: Bus, caplog: pytest.LogCaptureFixture) -> None:
        inbox = Inbox()

        def handler(message: Message) -> None:
            inbox.subscribe(message)
            raise RuntimeError("broken subscriber")

        bus.subscribe((Announced,), handler)
        bus.publish(Announced("one", {}))
        bus.publish(Announced("two", {}))
        assert inbox.take(2) == [Announced("one", {}), Announced("two", {})]
        assert "broken subscriber" in caplog.text

    def test_the_publisher_may_go_on_changing_its_document(self, bus: Bus) -> None:
        inbox = Inbox()
        bus.subscribe((ExecutionChanged,), inbox.subscribe)
        execution = make_execution()
        expected = make_execution(id=execution.id, liveaction_id=execution.liveaction_id)
        bus.publish(ExecutionChanged(execution))
        execution.status = "failed"
        execution.rev += 1
        execution.context["late"] = True
        execution.log.append(LogEntry("", "failed"))
        assert inbox.next() == ExecutionChanged(expected)

    def test_handlers_may_publish(self, bus: Bus) -> None:
        finished = Inbox()

        def handler(message: Message, acknowledge: Acknowledge) -> None:
            assert isinstance(message, WorkRequested)
            bus.publish(ExecutionFinished(message.execution))
            acknowledge()

        bus.consume(WORK, handler, prefetch=1)
        bus.consume(NOTIFIER, finished.consume, prefetch=1)
        execution = make_execution()
        bus.publish(WorkRequested(execution))
        assert finished.next() == ExecutionFinished(execution)

    def test_many_threads_publish_and_nothing_is_lost(self, bus: Bus) -> None:
        inbox = Inbox()
        bus.consume(WORK, inbox.consume, prefetch=10)
        sent = [[make_execution().id for _ in range(25)] for _ in range(8)]

        def publish(identifiers: list[str]) -> None:
            for identifier in identifiers:
                bus.publish(WorkRequested(make_execution(id=identifier)))

        threads = [threading.Thread(target=publish, args=(part,)) for part in sent]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        arrived = ids(inbox.take(200))
        assert sorted(arrived) == sorted(identifier for part in sent for identifier in part)

    def test_a_queue_of_ones_own_is_declared_by_consuming(self, bus: Bus) -> None:
        inbox = Inbox()
        queue = Queue(f"st2.test.{new_id()}", (Announced,))
        bus.consume(queue, inbox.consume, prefetch=1)
        bus.publish(Announced("x", {"a": 1}))
        assert inbox.next() == Announced("x", {"a": 1})

    def test_ping_and_declare_are_repeatable(self, bus: Bus) -> None:
        bus.ping()
        bus.declare()
        bus.declare()
        execution = make_execution()
        bus.publish(WorkRequested(execution))
        inbox = Inbox()
        bus.consume(WORK, inbox.consume, prefetch=1)
        assert inbox.next() == WorkRequested(execution)

    def test_a_closed_bus_refuses_durable_messages(self, bus: Bus) -> None:
        from st2lite.models.errors import BusUnavailable

        bus.close()
        with pytest.raises(BusUnavailable):
            bus.publish(WorkRequested(make_execution()))
        with pytest.raises(BusUnavailable):
            bus.ping()
