"""What an event costs: from a webhook over a rule to the execution that it starts."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import Any

from benchmarks import load
from benchmarks.client import Client, Target
from benchmarks.processes import cpu_seconds
from st2lite.models.timestamps import to_epoch

HOOK = "bench"
RULE = {
    "name": "bench_webhook",
    "pack": "bench",
    "enabled": True,
    "trigger": {"type": "core.st2.webhook", "parameters": {"url": HOOK}},
    "criteria": {"trigger.body.state": {"type": "equals", "pattern": "down"}},
    "action": {"ref": "core.noop"},
}
OTHERS = {**RULE, "criteria": {"trigger.body.state": {"type": "equals", "pattern": "nobody says so"}}}
QUERY = "rule=bench_webhook&include_attributes=status,start_timestamp,end_timestamp"
PAUSE = 0.03
"""Seconds between two webhooks whose latency is measured: none waits for another."""
BURST = 2000
CLIENTS = 8


class EventMeasurement:
    """Measures webhooks on a running deployment; `scale` shrinks the counts for a quick look."""

    def __init__(self, target: Target, pids: Sequence[int], scale: float) -> None:
        self._target = target
        self._pids = pids
        self._scale = scale
        self._client = Client(target)
        self._client.create("rules", RULE)
        self._client.create("rules", {**OTHERS, "name": "bench_other"})
        self._done = 0

    def measure(self) -> dict[str, float]:
        self._send(1, 20)
        return {**self._cost(), **self._latency(), **self._burst()}

    def _cost(self) -> dict[str, float]:
        count = max(20, int(300 * self._scale))
        before = cpu_seconds(self._pids)
        self._send(1, count)
        return {"webhook_cpu_ms": 1000 * (cpu_seconds(self._pids) - before) / count}

    def _latency(self) -> dict[str, float]:
        """From the moment a client begins its POST to the final status of the execution."""
        count = max(20, int(300 * self._scale))
        seconds = load.durations(*self._send(1, count, PAUSE))
        return {
            "webhook_p50_ms": 1000 * statistics.median(seconds),
            "webhook_p95_ms": 1000 * statistics.quantiles(seconds, n=20)[-1],
        }

    def _burst(self) -> dict[str, float]:
        per_client = max(20, int(BURST * self._scale)) // CLIENTS
        sent, executions = self._send(CLIENTS, per_client)
        last = max(to_epoch(execution["end_timestamp"]) for execution in executions)
        return {"burst_s": last - min(sent), "burst_webhooks": len(sent)}

    def _send(self, clients: int, count: int, pause: float = 0.0) -> tuple[list[float], list[dict[str, Any]]]:
        """Send webhooks; return when each was begun, in seconds since the epoch, and the executions that have ended."""
        sent = load.in_processes(clients, load.webhooks, self._target, HOOK, count, pause)
        self._done += len(sent)
        query = f"{QUERY}&status=succeeded&limit=1"
        load.wait_until(lambda: self._client.page(query)[1] >= self._done, 300, "not every webhook became an execution")
        return sent, self._client.newest(QUERY, len(sent))


def idle_percent(pids: Sequence[int], seconds: float) -> float:
    """CPU of processes that have nothing to do, in percent of one core."""
    before = cpu_seconds(pids)
    time.sleep(seconds)
    return 100 * (cpu_seconds(pids) - before) / seconds
