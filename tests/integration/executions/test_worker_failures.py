"""The worker when things go wrong at the worst moment: messages that come twice, answers of the store that get lost."""

import contextlib
import threading

import pytest

from st2lite.executions import events
from st2lite.executions.control import Control
from st2lite.executions.protocol import Outcome
from st2lite.messaging.messages import WorkRequested
from st2lite.models.errors import InvalidInput, StoreUnavailable
from st2lite.models.execution import Execution, Worker
from st2lite.storage.contract import Equal
from tests.integration.executions.conftest import result_of
from tests.processes import PATIENCE


@pytest.fixture
def lose_answer(store, monkeypatch):
    """Have the first write that `concerns(document)` done without telling so."""

    def lose(concerns):
        replace = store.replace
        left = iter(range(1))

        def unsteady(document):
            lost = concerns(document) and next(left, None) is not None
            rev = document.rev
            replace(document)
            if lost:
                document.rev = rev
                raise StoreUnavailable("the connection broke")

        monkeypatch.setattr(store, "replace", unsteady)

    return lose


def test_a_second_message_does_not_hide_a_running_action_from_its_cancellation(
    store, bus, make, runner, start_worker, wait_for
):
    stopped = threading.Event()

    def act(run):
        if run.execution_id == execution.id:
            run.cancellation.on_request(stopped.set)
            stopped.wait(PATIENCE)
        return Outcome("succeeded", {})

    runner.act = act
    worker = start_worker()
    execution = make()
    events.dispatch(bus, execution)
    running = wait_for(execution, "running")
    events.dispatch(bus, execution)
    last = make()
    events.dispatch(bus, last)
    wait_for(last, "succeeded")
    assert worker.busy == 1
    Control(store, bus, None).cancel(running, "joe")
    wait_for(execution, "canceled")
    assert stopped.is_set()


def test_a_claim_whose_answer_was_lost_is_found_and_run(bus, make, runner, start_worker, wait_for, lose_answer):
    lose_answer(lambda document: isinstance(document, Execution) and document.status == "running")
    start_worker()
    execution = make()
    events.dispatch(bus, execution)
    ended = wait_for(execution, "succeeded")
    assert runner.runs == [execution.id]
    assert [entry.status for entry in ended.log] == ["requested", "scheduled", "running", "succeeded"]


def test_a_claim_that_did_not_reach_the_store_is_made_again(
    store, bus, make, runner, start_worker, wait_for, monkeypatch
):
    replace = store.replace
    failures = iter(range(2))

    def unsteady(document):
        if isinstance(document, Execution) and document.status == "running" and next(failures, None) is not None:
            raise StoreUnavailable("away")
        replace(document)

    monkeypatch.setattr(store, "replace", unsteady)
    start_worker()
    execution = make()
    events.dispatch(bus, execution)
    wait_for(execution, "succeeded")
    assert runner.runs == [execution.id]


def test_a_claim_of_unknown_fate_outlives_the_lease_of_a_worker_that_stops(store, bus, make, start_worker, monkeypatch):
    """The worker must not sign off: then nobody would know that the execution is an orphan."""
    away = threading.Event()
    replace, get = store.replace, store.get

    def unsteady(document):
        replace(document)
        if isinstance(document, Execution):
            away.set()
            raise StoreUnavailable("the connection broke")

    def get_or_fail(kind, identifier):
        if kind is Execution and away.is_set():
            raise StoreUnavailable("away")
        return get(kind, identifier)

    monkeypatch.setattr(store, "replace", unsteady)
    monkeypatch.setattr(store, "get", get_or_fail)
    worker = start_worker()
    execution = make()
    events.dispatch(bus, execution)
    assert away.wait(PATIENCE)
    worker.stop(patience=0)
    assert get(Execution, execution.id).status == "running"
    assert store.count(Worker) == 1


def test_a_lease_whose_renewal_was_not_answered_is_renewed_all_the_same(store, start_worker, lose_answer, wait_until):
    lose_answer(lambda document: isinstance(document, Worker))
    worker = start_worker(lease=0.05)
    assert wait_until(lambda: store.find(Worker)[0].rev > 4)
    worker.stop(patience=0)
    assert store.count(Worker) == 0


def test_a_busy_worker_leaves_what_it_cannot_run_to_others(
    store, bus, make, runner, start_worker, wait_for, wait_until
):
    release = threading.Event()
    long = {make().id for _ in range(20)}

    def act(run):
        if run.execution_id in long:
            release.wait(PATIENCE)
        return Outcome("succeeded", {})

    runner.act = act
    busy = start_worker(slots=20)
    for identifier in long:
        events.dispatch(bus, store.get(Execution, identifier))
    assert wait_until(lambda: busy.busy == 20 and len(runner.runs) == 20)
    short = [make() for _ in range(30)]
    for execution in short:
        events.dispatch(bus, execution)
    start_worker(slots=20)
    ended = wait_until(lambda: store.count(Execution, (Equal("status", "succeeded"),)) >= 20)
    release.set()
    assert ended
    for execution in short:
        wait_for(execution, "succeeded")


def test_the_lease_is_renewed_until_the_last_action_has_ended(
    store, bus, make, runner, start_worker, wait_for, wait_until
):
    release = threading.Event()

    def act(run):
        release.wait(PATIENCE)
        return Outcome("succeeded", {})

    runner.act = act
    worker = start_worker(lease=0.05)
    execution = make()
    events.dispatch(bus, execution)
    wait_for(execution, "running")
    stopping = threading.Thread(target=worker.stop, args=(PATIENCE,))
    stopping.start()
    rev = store.find(Worker)[0].rev
    assert wait_until(lambda: store.find(Worker)[0].rev > rev + 2)
    release.set()
    stopping.join(PATIENCE)
    assert store.count(Worker) == 0


def test_a_claimed_execution_is_run_though_its_message_cannot_be_acknowledged(make, runner, start_worker, wait_for):
    def broken():
        raise RuntimeError("boom")

    execution = make()
    start_worker()._process(execution, broken)
    wait_for(execution, "succeeded")


def test_an_end_that_the_store_refuses_fails_the_execution(
    store, bus, make, runner, start_worker, wait_for, monkeypatch
):
    replace = store.replace

    def picky(document):
        if isinstance(document, Execution) and document.result_size > 1000:
            raise InvalidInput("the document is larger than what is stored")
        replace(document)

    monkeypatch.setattr(store, "replace", picky)
    runner.act = lambda run: Outcome("succeeded", "x" * 2000)
    start_worker()
    execution = make()
    events.dispatch(bus, execution)
    assert "larger" in result_of(wait_for(execution, "failed"))["error"]


def test_output_that_is_not_valid_text_does_not_keep_an_execution_from_ending(
    bus, make, runner, start_worker, wait_for
):
    def act(run):
        run.output.write("stdout", "half \ud800 of a pair")
        return Outcome("succeeded", {})

    runner.act = act
    start_worker()
    execution = make()
    events.dispatch(bus, execution)
    wait_for(execution, "succeeded")


def test_a_store_that_is_away_for_a_moment_does_not_fail_what_has_not_begun(
    bus, make, runner, start_worker, wait_for, monkeypatch
):
    failures = iter(range(1))
    prepare = runner.prepare

    def unsteady(*arguments):
        if next(failures, None) is not None:
            raise StoreUnavailable("away")
        return prepare(*arguments)

    monkeypatch.setattr(runner, "prepare", unsteady)
    start_worker()
    execution = make()
    events.dispatch(bus, execution)
    wait_for(execution, "succeeded", "failed")
    assert runner.runs == [execution.id]


def test_stopping_while_the_store_is_away_still_stops_what_runs(store, bus, make, runner, start_worker, monkeypatch):
    stopped = threading.Event()

    def act(run):
        run.cancellation.on_request(stopped.set)
        assert stopped.wait(PATIENCE)
        return Outcome("failed", {})

    get = store.get

    def get_or_fail(kind, identifier):
        if kind is Execution and not stopped.is_set():
            raise StoreUnavailable("away")
        return get(kind, identifier)

    runner.act = act
    worker = start_worker()
    execution = make()
    events.dispatch(bus, execution)
    assert runner.started.acquire(timeout=PATIENCE)
    monkeypatch.setattr(store, "get", get_or_fail)
    with contextlib.suppress(StoreUnavailable):
        worker.stop(patience=0)
    assert stopped.is_set()
    assert get(Execution, execution.id).status == "failed"


def test_a_claimed_execution_is_run_whatever_becomes_of_its_messages(
    bus, make, runner, start_worker, wait_for, monkeypatch
):
    publish = bus.publish

    def broken(message):
        if not isinstance(message, WorkRequested):
            raise RuntimeError("boom")
        publish(message)

    monkeypatch.setattr(bus, "publish", broken)
    start_worker()
    execution = make()
    events.dispatch(bus, execution)
    wait_for(execution, "succeeded")
    assert runner.runs == [execution.id]
