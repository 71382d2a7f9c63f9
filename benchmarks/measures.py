"""The measurements of one deployment. Every figure is a number in the unit that its name ends with."""

from __future__ import annotations

import copy
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import load
from benchmarks.client import Client, Target, login
from benchmarks.events import EventMeasurement, idle_percent
from benchmarks.processes import cpu_seconds, pss_mib
from st2lite.models.execution import Execution
from st2lite.models.ids import new_id
from st2lite.models.timestamps import to_epoch
from st2lite.storage.contract import Order
from st2lite.storage.open import open_store
from tests.servers.deployment import Deployment

PACKS = Path(__file__).parent / "packs"
ACTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "noop": ("core.noop", {}),
    "local": ("core.local", {"cmd": "true"}),
    "python": ("bench.trivial", {"value": 1}),
    "chain": ("bench.three", {}),
}
CLIENTS = 8
PAUSE = 0.1
"""Seconds between two requests whose ends nobody looks for: none waits for another."""
SETTLE = 3.0
"""Seconds for a fresh or busy process to come to rest before its memory is read."""


IDLE = 30.0
"""Seconds over which the CPU of an idle deployment is counted."""


def add_virtualenv(deployment: Deployment) -> None:
    """Give the bench pack its virtualenv: as any other pack it gets none of the service's packages."""
    path = deployment.base_path / "virtualenvs" / "bench"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", path], check=True)


class Requested(NamedTuple):
    """Executions that have ended: CPU seconds of all, when each was requested (epoch seconds), and themselves."""

    cpu: float
    sent: list[float]
    executions: list[dict[str, Any]]


class Measurement:
    """Measures a running deployment; `scale` shrinks the counts for a quick look."""

    def __init__(self, deployment: Deployment, scale: float) -> None:
        self._pids = list(deployment.pids.values())
        self._deployment = deployment
        self._scale = scale
        token = login(deployment.auth_url, deployment.user, deployment.password)
        self._target = Target(deployment.api_url, token)

    def idle(self) -> dict[str, float]:
        time.sleep(SETTLE)
        memory = pss_mib(self._pids)
        return {"pss_idle_mib": memory, "idle_cpu_percent": idle_percent(self._pids, IDLE * max(self._scale, 0.3))}

    def events(self) -> dict[str, float]:
        """Webhooks that a rule turns into executions."""
        return EventMeasurement(self._target, self._pids, self._scale).measure()

    def action(self, name: str) -> dict[str, float]:
        """CPU of one execution, and how long a client waits for one.

        `cpu` is that of requests that come as fast as they are taken, `polled_cpu` of executions one after the other,
        the work of answering the client's polls included.
        """
        action, parameters = ACTIONS[name]
        load.in_processes(1, load.latencies, self._target, action, parameters, self._count(20))  # warm
        count = self._count(300)
        cpu = self._request(action, parameters, 1, count).cpu
        before = cpu_seconds(self._pids)
        seconds = load.in_processes(1, load.latencies, self._target, action, parameters, count)
        polled = cpu_seconds(self._pids) - before
        return {
            f"{name}_cpu_ms": 1000 * cpu / count,
            f"{name}_polled_cpu_ms": 1000 * polled / count,
            f"{name}_p50_ms": 1000 * statistics.median(seconds),
            f"{name}_p95_ms": 1000 * statistics.quantiles(seconds, n=20)[-1],
        }

    def unwatched(self, name: str) -> dict[str, float]:
        """From the beginning of a request to the moment that the execution has for its end; nobody looks meanwhile."""
        requested = self._request(*ACTIONS[name], 1, self._count(300), PAUSE)
        return {f"{name}_end_p50_ms": 1000 * statistics.median(load.durations(requested.sent, requested.executions))}

    def throughput(self) -> dict[str, float]:
        """Executions per second, requested by clients that do not wait, and run one after the other by some that do."""
        count = self._count(2000) // CLIENTS
        executions = self._request("core.noop", {}, CLIENTS, count).executions
        time.sleep(SETTLE)
        after = pss_mib(self._pids)
        waiting = self._count(100)
        load.in_processes(CLIENTS, load.latencies, self._target, "core.noop", {}, waiting)
        waited = Client(self._target).newest(_query("core.noop"), CLIENTS * waiting)
        return {
            "noop_per_s": _rate(executions),
            "noop_waiting_per_s": _rate(waited),
            "pss_after_mib": after,
        }

    def listing(self) -> dict[str, float]:
        """CPU and time of a page of 50 executions when many are stored."""
        stored = self._fill(self._count(20_000))
        count = self._count(100)
        load.in_processes(1, load.read, self._target, "limit=50", 5)
        before = cpu_seconds(self._pids)
        seconds = load.in_processes(1, load.read, self._target, "limit=50", count)
        return {
            "list_cpu_ms": 1000 * (cpu_seconds(self._pids) - before) / count,
            "list_p50_ms": 1000 * statistics.median(seconds),
            "list_stored": stored,
        }

    def _count(self, full: int) -> int:
        return max(8, int(full * self._scale))

    def _request(
        self, action: str, parameters: dict[str, Any], clients: int, count: int, pause: float = 0.0
    ) -> Requested:
        """Have clients request executions and wait for none; by default as fast as the API takes them."""
        client, query = Client(self._target), f"{_query(action)}&status=succeeded&limit=1"
        wanted = client.page(query)[1] + clients * count
        before = cpu_seconds(self._pids)
        sent = load.in_processes(clients, load.post, self._target, action, parameters, count, pause)
        load.wait_until(lambda: client.page(query)[1] >= wanted, 600, f"executions of {action} did not all succeed")
        return Requested(cpu_seconds(self._pids) - before, sent, client.newest(_query(action), len(sent)))

    def _fill(self, wanted: int) -> int:
        """Store copies of finished executions until `wanted` are there; return how many there are."""
        store = open_store(self._deployment.database_url)
        try:
            samples = store.find(Execution, order=[Order("start_timestamp")], limit=500)
            missing = wanted - store.count(Execution)
            while missing > 0:
                batch = [copy.copy(sample) for sample in samples[:missing]]
                for execution in batch:
                    execution.id, execution.liveaction_id, execution.rev = new_id(), new_id(), 0
                store.insert_many(batch)
                missing -= len(batch)
            return store.count(Execution)
        finally:
            store.close()


def start_seconds(deployment: Deployment) -> float:
    """Start a deployment; return the seconds until it is ready, without what an installation does once."""
    deployment.prepare()
    start = time.perf_counter()
    deployment.start()
    return time.perf_counter() - start


def _query(action: str) -> str:
    return f"action={action}&include_attributes=status,start_timestamp,end_timestamp"


def _rate(executions: list[dict[str, Any]]) -> float:
    first = min(to_epoch(execution["start_timestamp"]) for execution in executions)
    last = max(to_epoch(execution["end_timestamp"]) for execution in executions)
    return len(executions) / (last - first)
