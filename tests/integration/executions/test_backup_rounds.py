"""When the backup scheduler looks: at once for what is due, and hardly ever while there is nothing to look after."""

import itertools
import queue
import time

from st2lite.executions.backup import BackupScheduler
from st2lite.messaging.contract import WORK
from st2lite.models.timestamps import from_epoch
from tests.processes import PATIENCE


class Clock:
    seconds = 1_700_000_000.0

    def __call__(self):
        return self.seconds


def test_a_delayed_execution_is_sent_at_the_time_that_was_told_and_not_with_the_next_round(make, bus, store):
    sent = queue.SimpleQueue()
    consumer = bus.consume(WORK, lambda message, acknowledge: (sent.put(message.execution.id), acknowledge()), 1)
    backup = BackupScheduler(store, bus, {}, interval=3600, redispatch_after=3600)
    backup.start()
    try:
        execution = make(due=from_epoch(time.time() + 0.05))
        backup.expect(execution.due)
        assert sent.get(timeout=PATIENCE) == execution.id
    finally:
        backup.stop()
        consumer.stop()


def test_an_execution_that_is_due_before_the_next_round_is_found_without_being_told_of(make, bus, store):
    sent = queue.SimpleQueue()
    consumer = bus.consume(WORK, lambda message, acknowledge: (sent.put(message.execution.id), acknowledge()), 1)
    first, second = (make(due=from_epoch(time.time() + seconds)) for seconds in (0.01, 0.8))
    backup = BackupScheduler(store, bus, {}, interval=3600, redispatch_after=3600)
    backup.start()
    try:
        backup.expect(first.due)
        assert [sent.get(timeout=PATIENCE), sent.get(timeout=PATIENCE)] == [first.id, second.id]
    finally:
        backup.stop()
        consumer.stop()


def test_while_nothing_is_unfinished_a_round_costs_two_reads(make, store, bus):
    clock = Clock()
    calls = []

    class Counted:
        def __getattr__(self, name):
            method = getattr(store, name)
            return lambda *arguments, **options: calls.append(name) or method(*arguments, **options)

    minded = []
    minding = {"minding": lambda: minded.append(1) or 1}
    backup = BackupScheduler(Counted(), bus, {}, 5, 10, clock=clock, stopwatch=clock, minding=minding)
    backup.round()
    assert minded == [1], "the first round looks at everything"
    calls.clear()
    clock.seconds += 5
    backup.round()
    assert calls == ["find", "find"]
    assert minded == [1]
    make()
    backup.round()
    assert minded == [1, 1]


def test_now_and_then_everything_is_looked_at(store, bus):
    clock = Clock()
    minded = []
    minding = {"minding": lambda: minded.append(clock.seconds) or 1}
    backup = BackupScheduler(store, bus, {}, 5, 10, clock=clock, stopwatch=clock, minding=minding)
    for _ in range(13):
        backup.round()
        clock.seconds += 5
    assert [later - earlier for earlier, later in itertools.pairwise(minded)] == [30, 30]
