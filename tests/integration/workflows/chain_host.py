"""Chains in one process: a store, a bus, a worker, the engine and runners whose actions the test writes."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from st2lite.content.runner_types import read_runner_types
from st2lite.content.yaml_files import dump
from st2lite.executions.backup import BackupScheduler
from st2lite.executions.inquiries import InquiryService
from st2lite.executions.preparation import RunPreparation
from st2lite.executions.protocol import Outcome
from st2lite.executions.service import ExecutionService
from st2lite.executions.snapshots import Snapshots
from st2lite.executions.worker import ExecutionWorker, WorkerOptions
from st2lite.models import statuses
from st2lite.models.action import Action, RunnerType
from st2lite.models.errors import Conflict
from st2lite.models.execution import Execution
from st2lite.runners.registry import RunnerRegistry
from st2lite.storage.contract import Equal, Order
from st2lite.workflows.children import Children
from st2lite.workflows.definitions import Definitions
from st2lite.workflows.engine import ChainEngine
from st2lite.workflows.progress import Progress
from st2lite.workflows.recovery import ChainRecovery
from st2lite.workflows.reruns import ReRuns
from st2lite.workflows.runner import ChainRunner
from st2lite.workflows.state import ACTION_CHAIN
from tests.processes import PATIENCE
from tests.runs import make_settings

RUNNERS = {runner.name: runner for runner in read_runner_types()}
ECHO = {"value": {}}


class Scripted:
    """Runner of the actions that a test writes: `acts[name](run) -> Outcome`; by default its parameters come back."""

    def __init__(self) -> None:
        self.acts: dict[str, Callable[[Any], Outcome]] = {}
        self.ran: list[str] = []
        self._lock = threading.Lock()

    def run(self, run: Any) -> Outcome:
        with self._lock:
            self.ran.append(run.context["chain"]["name"] if "chain" in run.context else run.action.name)
        act = self.acts.get(run.action.name)
        return act(run) if act else Outcome("succeeded", dict(run.action_parameters))

    def close(self) -> None:
        pass


class ChainHost:
    """Everything that runs chains; `start` and `stop` may be called more than once."""

    def __init__(
        self, store: Any, bus: Any, directory: Path, slots: int = 4, config: Any = None, validate_output: bool = False
    ) -> None:
        self.store, self.bus, self.scripted = store, bus, Scripted()
        self.actions = directory / "packs" / "test" / "actions"
        self.actions.mkdir(parents=True, exist_ok=True)
        resolve = lambda _pack, _user: config or {}  # noqa: E731
        snapshots = Snapshots(store)
        definitions = Definitions(store)
        reruns = ReRuns(store, definitions)
        self.executions = ExecutionService(store, bus, snapshots, None, resolve, reruns.check)
        self.inquiries = InquiryService(store, bus)
        self.recovery = ChainRecovery(store, bus)
        self.backup = BackupScheduler(store, bus, {}, 1, 0)
        children = Children(store, bus, self.executions, snapshots)
        self.progress = Progress(store, bus, children, snapshots, None, resolve, definitions, validate_output)
        self.engine = ChainEngine(bus, self.progress)
        chains = ChainRunner(store, None, definitions, reruns, self.engine.go_on)
        registry = RunnerRegistry(make_settings(directory), ready={"action-chain": chains, "scripted": self.scripted})
        pack_dir = self.actions.parent
        preparation = RunPreparation(
            store, bus, None, resolve, lambda _: pack_dir, lambda *_: "", "http://127.0.0.1/v1"
        )
        self.worker = ExecutionWorker(
            store,
            bus,
            snapshots.origin,
            preparation,
            registry,
            WorkerOptions(slots, planners=frozenset({ACTION_CHAIN})),
            tell_engine=self.engine.child_ended,
        )
        children.worker = self.worker

    def start(self) -> None:
        self.engine.start()
        self.worker.start()

    def stop(self) -> None:
        self.worker.stop(patience=5)
        self.engine.stop()

    def register(self, name: str, runner: str = "scripted", **attributes: Any) -> None:
        """An action `test.<name>`."""
        kind = RUNNERS.get(runner) or RunnerType(name=runner, runner_module=runner)
        with contextlib.suppress(Conflict):
            self.store.insert(RunnerType(**{**_fields(kind), "id": "", "rev": 0}))
        self.store.insert(Action(name=name, pack="test", runner_type=runner, **attributes))

    def chain(self, name: str, content: Any, **attributes: Any) -> None:
        """An action `test.<name>` that is a chain; `content` is that of its file, or only the list of its tasks."""
        self.write(name, content)
        self.register(name, "action-chain", entry_point=f"{name}.yaml", **attributes)

    def write(self, name: str, content: Any) -> None:
        content = {"chain": content} if isinstance(content, list) else content
        text = content if isinstance(content, str) else dump(content)
        (self.actions / f"{name}.yaml").write_text(text, encoding="utf-8")

    def run(self, name: str, parameters: dict[str, Any] | None = None, *wanted: str, **more: Any) -> Execution:
        """Run `test.<name>` until it has one of these statuses, by default any final one."""
        return self.wait(self.request(name, parameters, **more), *wanted)

    def request(self, name: str, parameters: dict[str, Any] | None = None, **more: Any) -> Execution:
        return self.executions.request(f"test.{name}", parameters or {}, "joe", **more)

    def wait(self, execution: Execution, *wanted: str) -> Execution:
        """The execution, once it has one of these statuses, by default any final one."""
        return self.wait_until(
            lambda: (
                current
                if (current := self.executions.get(execution.id)).status in (wanted or statuses.COMPLETED)
                else None
            )
        )

    def wait_for_child(self, parent: Execution, task: str, *wanted: str) -> Execution:
        """The execution of a task, once it has one of these statuses."""
        return self.wait_until(
            lambda: next(
                (c for c in self.children(parent) if c.context["chain"]["name"] == task and c.status in wanted), None
            )
        )

    @staticmethod
    def wait_until(read: Callable[[], Any]) -> Any:
        """What `read` returns, once that is something."""
        deadline = time.monotonic() + PATIENCE
        while not (found := read()):
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.005)
        return found

    def children(self, parent: Execution) -> list[Execution]:
        return self.store.find(Execution, (Equal("parent", parent.id),), (Order("start_timestamp"),))


def result_of(execution: Execution) -> Any:
    return msgspec.json.decode(execution.result)


def states(execution: Execution) -> dict[str, str]:
    """How each task ended, by its name."""
    return {task["name"]: task["state"] for task in result_of(execution)["tasks"]}


def task(name: str, ref: str = "test.echo", **more: Any) -> dict[str, Any]:
    """A task of a chain file; underscores in the names of its keys stand for dashes."""
    return {"name": name, "ref": ref, **{key.replace("_", "-"): value for key, value in more.items()}}


def _fields(document: Any) -> dict[str, Any]:
    return {name: getattr(document, name) for name in document.__struct_fields__}
