"""A process that requests and runs one execution, and may kill itself at any one of its calls to store or bus.

Arguments: data directory, number of the fatal call (0: none), `before` or `after` (its effect), `request` or `recover`.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

from st2lite.executions.backup import BackupScheduler
from st2lite.executions.preparation import RunPreparation
from st2lite.executions.protocol import RunnerSettings
from st2lite.executions.service import ExecutionService
from st2lite.executions.snapshots import Snapshots
from st2lite.executions.worker import ExecutionWorker, WorkerOptions
from st2lite.messaging.memory import MemoryBus
from st2lite.models import statuses
from st2lite.models.action import Action, RunnerType
from st2lite.models.execution import Execution, Worker
from st2lite.runners.registry import RunnerRegistry
from st2lite.storage.open import open_store
from tests.processes import PATIENCE

PARAMETERS = {
    "cmd": {"type": "string"},
    "timeout": {"type": "integer", "default": 60},
    "kwarg_op": {"type": "string", "default": "--"},
    "sudo": {"type": "boolean", "default": False},
    "cwd": {"type": "string"},
    "env": {"type": "object"},
    "sudo_password": {"type": "string", "secret": True},
}


class Fatal:
    """Wraps a store or a bus: every call to one of `calls` is counted, and the chosen one is the last."""

    lock = threading.Lock()
    count = 0
    calls = ("insert", "insert_many", "replace", "delete", "publish")

    def __init__(self, inner, fatal, when):
        self._inner, self._fatal, self._when = inner, fatal, when

    def __getattr__(self, name):
        method = getattr(self._inner, name)
        if name not in self.calls:
            return method

        def call(*arguments):
            with Fatal.lock:
                Fatal.count += 1
                number = Fatal.count
            if number == self._fatal and self._when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            result = method(*arguments)
            if number == self._fatal:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return call


def main(directory, fatal, when, mode):
    store = open_store(f"sqlite://{directory}/st2.db")
    store.ensure_schema()
    if mode == "request":
        store.insert(Action(name="mark", pack="test", runner_type="local-shell-cmd"))
        store.insert(RunnerType(name="local-shell-cmd", runner_module="local_runner", runner_parameters=PARAMETERS))
    else:
        for worker in store.find(Worker):
            worker.expires = 0
            store.replace(worker)
    store, bus = Fatal(store, fatal, when), Fatal(MemoryBus(), fatal, when)
    bus.declare()
    snapshots = Snapshots(store)
    settings = RunnerSettings("root", "root", Path(sys.executable), directory, directory, directory)
    preparation = RunPreparation(store, bus, None, lambda *_: {}, lambda _: None, lambda *_: "", "http://127.0.0.1/v1")
    worker = ExecutionWorker(store, bus, snapshots.origin, preparation, RunnerRegistry(settings), WorkerOptions(2))
    worker.start()
    if mode == "request":
        service = ExecutionService(store, bus, snapshots, None, lambda *_: {})
        marker = directory / "marker"
        command = {"cmd": f"echo $ST2_ACTION_EXECUTION_ID >> {marker}; echo done"}
        execution = service.request("test.mark", command, "joe")
        os.write(1, f"accepted {execution.id}\n".encode())
    else:
        backup = BackupScheduler(store, bus, {}, 1, 0)
        backup.abandon_orphans()
        backup.dispatch_lost(older_than=-1)
    deadline = time.monotonic() + PATIENCE
    while any(execution.status not in statuses.COMPLETED for execution in store.find(Execution)):
        if time.monotonic() > deadline:
            sys.exit("not all executions ended")
        time.sleep(0.01)
    worker.stop(5)
    print("calls", Fatal.count, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
