"""The backup scheduler on a real SQLite store: what messages, delays and dead workers leave behind."""

import time

import pytest

from st2lite.executions.backup import BackupScheduler
from st2lite.executions.inquiries import InquiryService
from st2lite.executions.protocol import Outcome
from st2lite.messaging.messages import ExecutionControl, WorkRequested
from st2lite.models.execution import Execution, Worker
from st2lite.models.ids import new_id
from st2lite.models.timestamps import from_epoch
from tests.integration.executions.conftest import result_of


class Clock:
    def __init__(self):
        self.seconds = time.time()

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def backup(store, bus, clock):
    inquiries = InquiryService(store, bus, lambda: from_epoch(clock()))
    return BackupScheduler(store, bus, inquiries, interval=5, redispatch_after=10, clock=clock)


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
    assert backup.dispatch_lost(older_than=-1) == 35
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
def test_what_a_dead_worker_held_is_ended(make, backup, clock, store, status, expected):
    worker = Worker(id=new_id(), hostname="h", pid=7, expires=clock() + 5)
    store.insert(worker)
    execution = make(status=status, worker=worker.id)
    assert backup.abandon_orphans() == 0
    clock.seconds += 6
    assert backup.abandon_orphans() == 1
    ended = store.get(Execution, execution.id)
    assert ended.status == expected
    if expected == "abandoned":
        assert "pid 7" in result_of(ended)["error"]
    assert store.count(Worker) == 0


def test_what_a_live_worker_holds_is_left_alone(make, backup, clock, store):
    worker = Worker(id=new_id(), hostname="h", pid=7, expires=clock() + 500)
    store.insert(worker)
    execution = make(status="running", worker=worker.id)
    clock.seconds += 100
    backup.round()
    assert store.get(Execution, execution.id).status == "running"


def test_a_worker_that_was_given_up_does_not_overwrite_the_end(
    store, bus, make, runner, start_worker, wait_for, backup, clock
):
    import threading

    from st2lite.executions import events

    release = threading.Event()

    def act(run):
        release.wait(10)
        return Outcome("succeeded", {})

    runner.act = act
    start_worker()
    execution = make()
    events.dispatch(bus, execution)
    wait_for(execution, "running")
    clock.seconds += 1000
    backup.abandon_orphans()
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
    deadline = time.monotonic() + 5
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
    backup = BackupScheduler(store, bus, InquiryService(store, bus), interval=0.05, redispatch_after=0)
    start_worker()
    execution = make()
    backup.start()
    try:
        wait_for(execution, "succeeded")
    finally:
        backup.stop()
