"""The backup scheduler on a real SQLite store: what messages, delays and dead workers leave behind."""

import time

import pytest

from st2lite.executions.backup import BackupScheduler
from st2lite.executions.inquiries import InquiryService
from st2lite.executions.protocol import Outcome
from st2lite.messaging.messages import ExecutionControl, WorkRequested
from st2lite.models.errors import BusUnavailable, InvalidInput
from st2lite.models.execution import Execution, Worker
from st2lite.models.ids import new_id
from st2lite.models.timestamps import from_epoch
from tests.integration.executions.conftest import result_of
from tests.processes import PATIENCE


@pytest.fixture
def backup(store, bus, clock):
    inquiries = InquiryService(store, bus, lambda: from_epoch(clock()))
    return BackupScheduler(
        store,
        bus,
        {"expiring inquiries": inquiries.expire},
        interval=5,
        redispatch_after=10,
        clock=clock,
        stopwatch=clock,
    )


@pytest.fixture
def look(backup, clock):
    """Look for orphans a number of times, three seconds apart; tell how many were ended each time."""

    def look(times):
        ended = []
        for _ in range(times):
            ended.append(backup.abandon_orphans())
            clock.seconds += 3
        return ended

    return look


@pytest.fixture
def sent(bus):
    """Ids of executions in `WorkRequested` messages, as they are published."""
    ids = []
    publish = bus.publish

    def spy(message):
        if isinstance(message, WorkRequested):
            ids.append(message.execution.id)
        publish(message)

    bus.publish = spy
    return ids


def test_a_lost_execution_is_sent_again_and_ever_more_rarely(make, backup, clock, sent):
    execution = make()
    assert backup.dispatch_lost() == 0
    clock.seconds += 11
    assert backup.dispatch_lost() == 1
    assert backup.dispatch_lost() == 0
    clock.seconds += 11
    assert backup.dispatch_lost() == 1
    clock.seconds += 11
    assert backup.dispatch_lost() == 0
    clock.seconds += 11
    assert backup.dispatch_lost() == 1
    assert set(sent) == {execution.id}


def test_more_lost_executions_than_one_page_are_all_sent(make, backup, sent, monkeypatch):
    monkeypatch.setattr("st2lite.executions.backup.BATCH", 10)
    executions = [make() for _ in range(35)]
    assert backup.dispatch_lost(older_than=-PATIENCE) == 35
    assert sent == [execution.id for execution in executions]


def test_a_delayed_execution_is_sent_when_it_is_due_and_not_before(make, backup, clock, sent, store):
    execution = make(due=from_epoch(clock() + 30), delay=30_000)
    clock.seconds += 29
    assert backup.dispatch_due() == 0
    assert backup.dispatch_lost() == 0
    clock.seconds += 2
    assert backup.dispatch_due() == 1
    assert backup.dispatch_due() == 0
    assert sent == [execution.id]
    assert store.get(Execution, execution.id).due is None


def test_a_delayed_status_becomes_requested(make, backup, clock, store):
    execution = make(status="delayed", due=from_epoch(clock() - 1))
    backup.dispatch_due()
    assert store.get(Execution, execution.id).status == "requested"


@pytest.mark.parametrize(
    ("status", "expected"), [("running", "abandoned"), ("scheduled", "abandoned"), ("canceling", "canceled")]
)
def test_what_a_dead_worker_held_is_ended(make, look, clock, store, status, expected):
    worker = Worker(id=new_id(), hostname="h", pid=7, expires=clock() + 5, lease=5)
    store.insert(worker)
    execution = make(status=status, worker=worker.id)
    assert look(3) == [0, 0, 1]
    ended = store.get(Execution, execution.id)
    assert ended.status == expected
    if expected == "abandoned":
        assert "pid 7" in result_of(ended)["error"]
    assert store.count(Worker) == 0


def test_what_a_live_worker_holds_is_left_alone(make, look, clock, store):
    worker = Worker(id=new_id(), hostname="h", pid=7, expires=clock() + 5, lease=5)
    store.insert(worker)
    execution = make(status="running", worker=worker.id)
    for _ in range(5):
        look(2)
        store.replace(worker)
    assert store.get(Execution, execution.id).status == "running"


def test_a_worker_whose_clock_is_wrong_is_no_dead_worker(make, look, store):
    worker = Worker(id=new_id(), hostname="h", pid=7, expires=1, lease=5)
    store.insert(worker)
    execution = make(status="running", worker=worker.id)
    for _ in range(5):
        look(2)
        store.replace(worker)
    assert store.get(Execution, execution.id).status == "running"


def test_workers_that_could_not_be_heard_for_long_get_time_to_be_heard_again(make, backup, clock, look, store):
    """While the store is away no lease is renewed, and nobody is dead for that."""
    worker = Worker(id=new_id(), hostname="h", pid=7, expires=clock() + 5, lease=5)
    store.insert(worker)
    execution = make(status="running", worker=worker.id)
    look(1)
    clock.seconds += 1000
    assert backup.abandon_orphans() == 0
    store.replace(worker)
    look(2)
    assert store.get(Execution, execution.id).status == "running"


def test_what_is_held_by_a_worker_that_nobody_knows_is_ended(make, look, store):
    """A worker can claim at the very moment in which it is struck off the list for its silence."""
    execution = make(status="running", worker=new_id())
    assert sum(look(12)) == 1
    assert store.get(Execution, execution.id).status == "abandoned"


def test_an_orphan_that_cannot_be_ended_keeps_no_other_from_its_end(make, look, store, monkeypatch):
    worker = Worker(id=new_id(), hostname="h", pid=7, expires=0)
    store.insert(worker)
    bad, good = (make(status="running", worker=worker.id) for _ in range(2))
    replace = store.replace

    def picky(document):
        if document.id == bad.id:
            raise InvalidInput("too large")
        replace(document)

    monkeypatch.setattr(store, "replace", picky)
    assert look(1) == [1]
    assert store.get(Execution, good.id).status == "abandoned"


def test_a_broker_that_is_away_is_asked_once_per_round(make, backup, bus, clock, monkeypatch):
    asked = []

    def away(message):
        asked.append(message)
        raise BusUnavailable("away")

    monkeypatch.setattr(bus, "publish", away)
    for _ in range(5):
        make()
        make(status="canceling", worker="w")
        make(status="delayed", due=from_epoch(clock() - 1))
    clock.seconds += 60
    assert backup.dispatch_lost() == 0
    assert len(asked) == 1
    backup.dispatch_due()
    assert len(asked) == 2
    backup.remind_cancellations()
    assert len(asked) == 3
    monkeypatch.undo()
    assert backup.dispatch_lost() == 10


def test_a_step_that_fails_keeps_no_other_from_being_done(make, backup, clock, sent, monkeypatch):
    def broken():
        raise RuntimeError("boom")

    monkeypatch.setattr(backup, "abandon_orphans", broken)
    execution = make()
    clock.seconds += 60
    backup.round()
    assert sent == [execution.id]


def test_a_worker_that_was_given_up_does_not_overwrite_the_end(store, bus, make, runner, start_worker, wait_for, look):
    import threading

    from st2lite.executions import events

    release = threading.Event()

    def act(run):
        release.wait(PATIENCE)
        return Outcome("succeeded", {})

    runner.act = act
    start_worker()
    execution = make()
    events.dispatch(bus, execution)
    wait_for(execution, "running")
    look(12)
    release.set()
    other = make()
    runner.act = lambda run: Outcome("succeeded", {})
    events.dispatch(bus, other)
    wait_for(other, "succeeded")
    assert store.get(Execution, execution.id).status == "abandoned"


def test_a_worker_is_reminded_of_a_cancellation(make, backup, bus):
    heard = []
    bus.subscribe((ExecutionControl,), heard.append)
    execution = make(status="canceling", worker="w")
    assert backup.remind_cancellations() == 1
    deadline = time.monotonic() + PATIENCE
    while not heard and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [(m.execution_id, m.command) for m in heard] == [(execution.id, "cancel")]


def test_an_inquiry_that_nobody_answers_times_out(make, backup, clock, store):
    import msgspec

    execution = make(status="pending", result=msgspec.Raw(b'{"ttl": 10, "schema": {}}'), result_size=25)
    other = store.get(Execution, execution.id)
    other.runner_name = "inquirer"
    store.replace(other)
    clock.seconds += 9 * 60
    backup.round()
    assert store.get(Execution, execution.id).status == "pending"
    clock.seconds += 2 * 60
    backup.round()
    assert store.get(Execution, execution.id).status == "timeout"


def test_the_rounds_run_by_themselves(make, bus, store, start_worker, wait_for):
    backup = BackupScheduler(store, bus, {}, interval=0.05, redispatch_after=0)
    start_worker()
    execution = make()
    backup.start()
    try:
        wait_for(execution, "succeeded")
    finally:
        backup.stop()


def test_chores_are_done_in_each_round_and_one_that_fails_stops_no_other(store, bus):
    done = []

    def broken():
        raise RuntimeError("broken")

    def chore():
        done.append(1)
        return 1

    backup = BackupScheduler(store, bus, {"breaking": broken, "working": chore}, interval=5, redispatch_after=10)
    backup.round()
    backup.round()
    assert len(done) == 2


def test_a_cancellation_that_no_worker_can_hear_of_is_carried_out(make, backup, store):
    execution = make(status="canceling")
    backup.remind_cancellations()
    assert store.get(Execution, execution.id).status == "canceled"
