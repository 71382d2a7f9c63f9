import threading
import time

import msgspec
import pytest

from st2lite.executions.protocol import Outcome, Run
from st2lite.executions.snapshots import Snapshots
from st2lite.executions.worker import ExecutionWorker, WorkerOptions
from st2lite.models.action import Action, RunnerType
from st2lite.models.execution import Execution, LogEntry
from st2lite.models.ids import new_id
from st2lite.models.timestamps import now
from tests.processes import PATIENCE


class ScriptedRunner:
    """A runner that does what the test says: `act(run) -> Outcome`. Counts what it ran."""

    def __init__(self):
        self.act = lambda run: Outcome("succeeded", {"ran": run.execution_id})
        self.runs: list[str] = []
        self.started = threading.Semaphore(0)

    def run(self, run):
        self.runs.append(run.execution_id)
        self.started.release()
        return self.act(run)

    def close(self):
        pass

    def get(self, _runner_type):
        return self

    def prepare(self, execution, origin, output, cancellation):
        return Run(
            execution.id, execution.liveaction_id, origin.action, origin.runner, {}, execution.parameters, "stanley",
            execution.context, None, "", "http://127.0.0.1:9101/v1", lambda: "token", dict, lambda *_: None,
            output, cancellation,
        )  # fmt: skip


@pytest.fixture
def runner():
    return ScriptedRunner()


@pytest.fixture
def make(store):
    """Store a new requested execution (attributes as given) and return it."""
    snapshots = Snapshots(store)
    action = snapshots.keep_action(Action(id=new_id(), rev=1, name="noop", pack="core", runner_type="noop"))
    kind = snapshots.keep_runner(RunnerType(id=new_id(), rev=1, name="noop", runner_module="noop_runner"))

    def make(**attributes):
        moment = attributes.pop("start_timestamp", now())
        status = attributes.pop("status", "requested")
        execution = Execution(
            id=new_id(), liveaction_id=new_id(), action_ref="core.noop", action_snapshot=action, runner_name="noop",
            runner_snapshot=kind, start_timestamp=moment, status=status, log=[LogEntry(moment, status)],
            context={"user": "stanley"}, **attributes,
        )  # fmt: skip
        store.insert(execution)
        return execution

    return make


@pytest.fixture
def start_worker(store, bus, runner):
    workers = []

    def start(**options):
        worker = ExecutionWorker(
            store, bus, Snapshots(store).origin, runner, runner, WorkerOptions(**{"slots": 4, **options})
        )
        worker.start()
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        worker.stop(patience=0)


@pytest.fixture
def wait_for(store):
    """Wait until an execution has one of these statuses, and return it."""

    def wait(execution, *statuses, seconds=PATIENCE):
        deadline = time.monotonic() + seconds
        while True:
            current = store.get(Execution, execution.id)
            if current.status in statuses:
                return current
            assert time.monotonic() < deadline, f"still {current.status}, wanted {statuses}"
            time.sleep(0.005)

    return wait


def result_of(execution):
    return msgspec.json.decode(execution.result)
