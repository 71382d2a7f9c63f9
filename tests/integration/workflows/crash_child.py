"""Runs a chain again and again, each time killed at another of its calls to store or bus, and started again.

Arguments: a directory, and `before` or `after` (the effect of the fatal call). Prints one JSON line for each call: how
both processes ended, what became of the executions, and what was run. Each process is a fork, so that nothing is
imported twice.
"""

import json
import os
import sys
import time
from pathlib import Path

from st2lite.executions.protocol import Outcome
from st2lite.messaging.memory import MemoryBus
from st2lite.models import statuses
from st2lite.models.execution import Execution, Worker
from st2lite.storage.open import open_store
from tests.integration.executions.crash_child import Fatal
from tests.integration.workflows.chain_host import ChainHost, task
from tests.processes import PATIENCE


def life(directory, fatal, when, first):
    """One process: it requests the chain, or finds what an earlier one left; until all executions have ended."""
    store = open_store(f"sqlite://{directory}/st2.db")
    store.ensure_schema()
    if first:
        plain = ChainHost(store, MemoryBus(), directory)
        plain.register("mark")
        plain.chain("inner", [task("a", "test.mark")])
        plain.chain("outer", [task("o", "test.inner", on_success="b"), task("b", "test.mark")])
    else:
        for worker in store.find(Worker):
            worker.expires = 0
            store.replace(worker)
    bus = MemoryBus()
    bus.declare()
    host = ChainHost(Fatal(store, fatal, when), Fatal(bus, fatal, when), directory)
    host.scripted.acts["mark"] = lambda run: _mark(directory, run)
    host.start()
    if first:
        host.request("outer")
    else:
        host.backup.abandon_orphans()
        host.backup.dispatch_lost(older_than=-1)
        host.recovery.wake(at_once=True)
    deadline = time.monotonic() + PATIENCE
    while any(execution.status not in statuses.COMPLETED for execution in store.find(Execution)):
        if time.monotonic() > deadline:
            os._exit(3)
        time.sleep(0.005)
    host.stop()
    if first:
        (directory / "calls").write_text(str(Fatal.count))


def _mark(directory, run):
    with (directory / "marker").open("a") as marker:
        marker.write(f"{run.context['chain']['name']}\n")
    return Outcome("succeeded", {})


def in_a_fork(*arguments):
    child = os.fork()
    if child == 0:
        status = 1
        try:
            life(*arguments)
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def report(directory, fatal, when):
    directory.mkdir()
    ends = [in_a_fork(directory, fatal, when, True), in_a_fork(directory, 0, when, False)]
    store = open_store(f"sqlite://{directory}/st2.db")
    found = {
        execution.context.get("chain", {}).get("name", "outer"): execution.status for execution in store.find(Execution)
    }
    store.close()
    marker = directory / "marker"
    return {
        "fatal": fatal,
        "ends": ends,
        "executions": found,
        "ran": marker.read_text().split() if marker.exists() else [],
    }


def main(directory, when):
    print(json.dumps(report(directory / "0", 0, when)), flush=True)
    for fatal in range(1, int((directory / "0" / "calls").read_text() or 0) + 1):
        print(json.dumps(report(directory / str(fatal), fatal, when)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
