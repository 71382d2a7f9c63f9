"""CPU and time per storage operation, both backends, on executions: `python -m benchmarks.storage [sqlite] [mongodb]`.

CPU is that of this process (the client's side of MongoDB); time includes the wait for the disk and for the server.
MongoDB means the test server, which is far slower than a real one in lists and counts: compare its CPU only.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from st2lite.models.execution import Execution, LogEntry
from st2lite.models.ids import new_id
from st2lite.models.statuses import REQUESTED, RUNNING, SUCCEEDED
from st2lite.models.timestamps import from_epoch
from st2lite.storage.contract import Equal, Order, Store
from st2lite.storage.open import open_store

STORED = 20_000
RESULT = msgspec.Raw(msgspec.json.encode({"stdout": "x" * 200, "stderr": "", "return_code": 0, "succeeded": True}))
NEWEST = [Order("start_timestamp", descending=True)]


def execution(age: float) -> Execution:
    """A finished execution as the API records it, requested `age` seconds ago."""
    moment = from_epoch(time.time() - age)
    return Execution(
        action_ref="core.local",
        action_snapshot=new_id(),
        runner_name="local-shell-cmd",
        runner_snapshot=new_id(),
        liveaction_id=new_id(),
        status=SUCCEEDED if int(age) % 20 else RUNNING,
        start_timestamp=moment,
        parameters={"cmd": "date", "timeout": 60, "env": {"LANG": "C"}},
        context={"user": "st2admin", "pack": "core", "trace_context": {"trace_tag": "benchmark"}},
        log=[LogEntry(timestamp=moment, status=status) for status in (REQUESTED, RUNNING, SUCCEEDED)],
        result=RESULT,
        result_size=len(bytes(RESULT)),
    )


def measure(name: str, times: int, operation: Callable[[int], object]) -> None:
    """Print the mean CPU and elapsed milliseconds of an operation; it gets the number of the turn."""
    operation(0)
    cpu, clock = time.process_time(), time.perf_counter()
    for turn in range(1, times + 1):
        operation(turn)
    cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
    print(f"  {name:<34} {cpu / times * 1e3:>9.3f} {clock / times * 1e3:>9.3f}")


def benchmark(store: Store) -> None:
    """Fill the store and measure it."""
    store.ensure_schema()
    documents = [execution(age / 10) for age in range(STORED)]
    print(f"  {'milliseconds per operation':<34} {'CPU':>9} {'elapsed':>9}")
    chunk = 500
    measure(
        f"insert_many of {chunk}",
        STORED // chunk - 1,
        lambda turn: store.insert_many(documents[turn * chunk : (turn + 1) * chunk]),
    )
    measure("insert", 300, lambda _: store.insert(execution(0)))
    measure("get", 1_000, lambda turn: store.get(Execution, documents[turn].id))
    measure("replace", 300, lambda turn: store.replace(documents[turn]))
    measure("find newest 50", 20, lambda _: store.find(Execution, [], NEWEST, limit=50, large=False))
    running = [Equal("status", RUNNING)]
    measure("find newest 50, by status", 20, lambda _: store.find(Execution, running, NEWEST, limit=50, large=False))
    measure("find 50 with results", 20, lambda _: store.find(Execution, [], NEWEST, limit=50))
    measure("count", 20, lambda _: store.count(Execution))
    measure("count by status", 20, lambda _: store.count(Execution, running))


@contextlib.contextmanager
def sqlite_store(directory: Path) -> Iterator[Store]:
    store = open_store(f"sqlite://{directory}/st2.db")
    yield store
    store.close()


@contextlib.contextmanager
def mongodb_store(directory: Path) -> Iterator[Store]:
    from tests.servers.mongod import MongoServer

    with MongoServer(directory, auth=True) as server:
        store = open_store(server.uri())
        yield store
        store.close()


BACKENDS = {"sqlite": sqlite_store, "mongodb": mongodb_store}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("backend", nargs="*", choices=[*BACKENDS, []], help="default: both")
    for name in parser.parse_args().backend or BACKENDS:
        print(f"{name}, {STORED} executions stored")
        with tempfile.TemporaryDirectory() as directory, BACKENDS[name](Path(directory)) as store:
            benchmark(store)


if __name__ == "__main__":
    main()
