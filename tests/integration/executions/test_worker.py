"""The worker on a real SQLite store and the in-process bus; only what the action does is scripted."""

import threading

import msgspec

from st2lite.executions import events
from st2lite.executions.control import Control
from st2lite.executions.output import CHUNK_SIZE
from st2lite.executions.protocol import Outcome
from st2lite.executions.queries import output_of
from st2lite.messaging.messages import ExecutionChanged, ExecutionFinished, OutputAppended
from st2lite.models.errors import StoreUnavailable
from st2lite.models.execution import Execution, OutputChunk, Worker
from tests.integration.executions.conftest import result_of
from tests.processes import PATIENCE


def test_a_requested_execution_is_run_and_ended(store, bus, make, start_worker, wait_for):
    start_worker()
    execution = make()
    events.dispatch(bus, execution)
    ended = wait_for(execution, "succeeded")
    assert result_of(ended) == {"ran": execution.id}
    assert [entry.status for entry in ended.log] == ["requested", "scheduled", "running", "succeeded"]
    assert ended.worker is None
    assert ended.runner_info["pid"] > 0


def test_an_execution_costs_three_writes(store, bus, make, start_worker, wait_for):
    start_worker()
    execution = make()
    events.dispatch(bus, execution)
    assert wait_for(execution, "succeeded").rev == 3


def test_a_message_that_comes_twice_runs_the_action_once(bus, make, runner, start_worker, wait_for):
    start_worker()
    execution = make()
    for _ in range(5):
        events.dispatch(bus, execution)
    last = make()
    events.dispatch(bus, last)
    wait_for(execution, "succeeded")
    wait_for(last, "succeeded")
    assert runner.runs.count(execution.id) == 1


def test_two_workers_never_run_one_execution_twice(bus, make, runner, start_worker, wait_for):
    start_worker()
    start_worker()
    executions = [make() for _ in range(50)]
    for execution in executions * 3:
        events.dispatch(bus, execution)
    for execution in executions:
        wait_for(execution, "succeeded")
    assert sorted(runner.runs) == sorted(execution.id for execution in executions)


def test_a_stale_message_is_corrected_from_the_document(store, bus, make, start_worker, wait_for):
    start_worker()
    stale = make()
    fresh = store.get(Execution, stale.id)
    fresh.parameters = {"changed": True}
    store.replace(fresh)
    events.dispatch(bus, stale)
    assert wait_for(stale, "succeeded").parameters == {"changed": True}


def test_a_canceled_execution_is_not_run(store, bus, make, runner, start_worker, wait_for):
    execution = make()
    Control(store, bus, None).cancel(store.get(Execution, execution.id), "joe")
    start_worker()
    events.dispatch(bus, execution)
    other = make()
    events.dispatch(bus, other)
    wait_for(other, "succeeded")
    canceled = store.get(Execution, execution.id)
    assert canceled.status == "canceled"
    assert canceled.context["cancelled_by"] == "joe"
    assert result_of(canceled) == {"message": "Action canceled by user.", "user": "joe"}
    assert runner.runs == [other.id]


def test_canceling_a_running_execution_stops_it(store, bus, make, runner, start_worker, wait_for):
    stopped = threading.Event()

    def act(run):
        run.cancellation.on_request(stopped.set)
        assert stopped.wait(PATIENCE)
        return Outcome("failed", {"return_code": -15})

    runner.act = act
    start_worker()
    execution = make()
    events.dispatch(bus, execution)
    running = wait_for(execution, "running")
    assert runner.started.acquire(timeout=PATIENCE)
    assert Control(store, bus, None).cancel(running, "joe").status == "canceling"
    ended = wait_for(execution, "canceled")
    assert result_of(ended)["message"] == "Action canceled by user."


def test_a_runner_that_raises_fails_the_execution_with_a_traceback(bus, make, runner, start_worker, wait_for):
    def act(run):
        raise RuntimeError("boom")

    runner.act = act
    start_worker()
    execution = make()
    events.dispatch(bus, execution)
    result = result_of(wait_for(execution, "failed"))
    assert result["error"] == "boom"
    assert "RuntimeError" in result["traceback"]


def test_a_result_that_is_too_large_fails_the_execution(bus, make, runner, start_worker, wait_for):
    runner.act = lambda run: Outcome("succeeded", "x" * (15 * 1024 * 1024))
    start_worker()
    execution = make()
    events.dispatch(bus, execution)
    ended = wait_for(execution, "failed", "succeeded")
    assert ended.status == "failed"
    assert "bytes" in result_of(ended)["error"]
    assert ended.log[-1].status == "failed"


def test_output_of_a_short_action_needs_no_write_of_its_own(store, bus, make, runner, start_worker, wait_for):
    streamed = []
    bus.subscribe((OutputAppended,), streamed.append)

    def act(run):
        run.output.write("stdout", "one ")
        run.output.write("stdout", "two")
        run.output.write("stderr", "three")
        return Outcome("succeeded", {})

    runner.act = act
    start_worker()
    execution = make()
    events.dispatch(bus, execution)
    ended = wait_for(execution, "succeeded")
    assert store.count(OutputChunk) == 0
    assert [(c.output_type, c.data) for c in output_of(store, ended)] == [("stdout", "one two"), ("stderr", "three")]
    assert [c.data for c in output_of(store, ended, "stderr")] == ["three"]
    assert [c.data for message in streamed for c in message.chunks] == ["one two", "three"]


def test_output_of_a_long_action_is_stored_while_it_runs(store, bus, make, runner, start_worker, wait_for):
    release = threading.Event()
    seen = threading.Event()
    bus.subscribe((OutputAppended,), lambda _message: seen.set())

    def act(run):
        run.output.write("stdout", "early")
        assert release.wait(PATIENCE)
        run.output.write("stdout", "late")
        return Outcome("succeeded", {})

    runner.act = act
    start_worker()
    execution = make()
    events.dispatch(bus, execution)
    assert seen.wait(PATIENCE)
    running = store.get(Execution, execution.id)
    assert running.status == "running"
    assert [c.data for c in output_of(store, running)] == ["early"]
    release.set()
    ended = wait_for(execution, "succeeded")
    assert "".join(c.data for c in output_of(store, ended)) == "earlylate"


def test_a_flood_of_output_is_stored_in_pieces(store, bus, make, runner, start_worker, wait_for):
    text = "ä\x00" * 2_000_000

    def act(run):
        run.output.write("stdout", text)
        return Outcome("succeeded", {})

    runner.act = act
    start_worker()
    execution = make()
    events.dispatch(bus, execution)
    chunks = output_of(store, wait_for(execution, "succeeded"))
    assert max(len(chunk.data) for chunk in chunks) == CHUNK_SIZE
    assert "".join(chunk.data for chunk in chunks) == text


def test_every_step_is_announced(store, bus, make, start_worker, wait_for):
    seen = []
    done = threading.Event()
    bus.subscribe((ExecutionChanged,), lambda message: seen.append(message.execution.status))
    bus.subscribe((ExecutionFinished,), lambda message: (seen.append(message.execution.status), done.set()))
    start_worker()
    execution = make()
    events.dispatch(bus, execution)
    assert done.wait(PATIENCE)
    assert sorted(seen) == ["running", "succeeded"]


def test_the_end_is_written_when_the_store_comes_back(store, bus, make, runner, start_worker, wait_for, monkeypatch):
    failures = iter(range(2))
    replace = store.replace

    def unsteady(document):
        if isinstance(document, Execution) and document.status == "succeeded" and next(failures, None) is not None:
            raise StoreUnavailable("away")
        replace(document)

    monkeypatch.setattr(store, "replace", unsteady)
    start_worker()
    execution = make()
    events.dispatch(bus, execution)
    wait_for(execution, "succeeded")
    assert runner.runs == [execution.id]


def test_stopping_lets_running_actions_end(bus, make, runner, start_worker, wait_for, store):
    release = threading.Event()

    def act(run):
        release.wait(PATIENCE)
        return Outcome("succeeded", {})

    runner.act = act
    worker = start_worker()
    execution = make()
    events.dispatch(bus, execution)
    assert runner.started.acquire(timeout=PATIENCE)
    threading.Timer(0.2, release.set).start()
    worker.stop(patience=PATIENCE)
    assert store.get(Execution, execution.id).status == "succeeded"
    assert store.count(Worker) == 0


def test_stopping_without_patience_abandons_what_runs(bus, make, runner, start_worker, store):
    def act(run):
        stopped = threading.Event()
        run.cancellation.on_request(stopped.set)
        stopped.wait(PATIENCE)
        return Outcome("succeeded", {})

    runner.act = act
    worker = start_worker()
    execution = make()
    events.dispatch(bus, execution)
    assert runner.started.acquire(timeout=PATIENCE)
    worker.stop(patience=0)
    ended = store.get(Execution, execution.id)
    assert ended.status == "abandoned"
    assert "stopped" in msgspec.json.decode(ended.result)["error"]


def test_an_inquiry_waits_without_a_worker(bus, make, runner, start_worker, wait_for):
    runner.act = lambda run: Outcome("pending", {"schema": {}})
    start_worker()
    execution = make()
    events.dispatch(bus, execution)
    pending = wait_for(execution, "pending")
    assert pending.worker is None
    assert pending.end_timestamp is None


def test_output_is_neither_stored_nor_streamed_when_that_is_switched_off(
    store, bus, make, runner, start_worker, wait_for
):
    def act(run):
        run.output.write("stdout", "x" * 100_000)
        return Outcome("succeeded", {"stdout": "x"})

    runner.act = act
    start_worker(stream_output=False)
    execution = make()
    events.dispatch(bus, execution)
    assert output_of(store, wait_for(execution, "succeeded")) == []


def test_what_a_worker_that_stops_did_not_claim_goes_to_another_at_once(
    bus, make, runner, start_worker, wait_for, wait_until
):
    gate = threading.Event()
    runner.act = lambda _run: Outcome("succeeded", {}) if gate.wait(PATIENCE) else None
    stopping = start_worker(slots=1)
    first, second = make(), make()
    for execution in (first, second):
        events.dispatch(bus, execution)
    wait_for(first, "running")
    assert wait_until(lambda: stopping._holdings._jobs == 2)

    class Drained:
        """Stopped before the worker stops to receive: what it has received has had its turn by then."""

        def stop(self):
            gate.set()
            assert wait_until(lambda: stopping._holdings._jobs == 0)

    stopping._sources.append(Drained())
    stopping.stop(PATIENCE)
    start_worker()
    wait_for(second, "succeeded")
    assert runner.runs == [first.id, second.id]


def test_a_task_is_left_to_others_by_a_worker_that_was_stopped_when_it_was_about_to_take_it(
    store, make, start_worker, monkeypatch
):
    worker = start_worker()
    hold = worker._holdings.hold_if_room

    def stop_first(*given, **more):
        worker.stop(patience=0)
        return hold(*given, **more)

    monkeypatch.setattr(worker._holdings, "hold_if_room", stop_first)
    execution = make()
    store.delete(Execution, execution.id)
    execution.rev = 0
    assert worker.begin(execution, store.insert) is None
    assert store.get(Execution, execution.id) is None and not worker.busy
