"""Load, made in processes of its own so that the measuring process does not get in the way."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from benchmarks.client import Client, Target
from st2lite.models.timestamps import to_epoch

POLL = 0.002
"""Seconds between two looks at an execution whose latency is measured."""

LOOK = 1.0
"""Least seconds between two looks whether a burst is over, and the first of them; see `wait_until`."""


def latencies(target: Target, action: str, parameters: dict[str, Any], count: int) -> list[float]:
    """Run an action `count` times, one after the other; return the seconds from POST to its final state seen."""
    client = Client(target)
    seconds = []
    for _ in range(count):
        start = time.perf_counter()
        status = client.wait(client.post(action, parameters), POLL)
        seconds.append(time.perf_counter() - start)
        if status != "succeeded":
            raise RuntimeError(f"an execution of {action} ended as {status}")
    return seconds


def post(target: Target, action: str, parameters: dict[str, Any], count: int, pause: float = 0.0) -> list[float]:
    """Request `count` executions without waiting for any; return when each was begun, in seconds since the epoch."""
    client = Client(target)
    moments = []
    for _ in range(count):
        moments.append(time.time())
        client.post(action, parameters)
        if pause:
            time.sleep(pause)
    return moments


def webhooks(target: Target, url: str, count: int, pause: float = 0.0) -> list[float]:
    """Send webhooks; return when each was begun, in seconds since the epoch."""
    client = Client(target)
    body = b'{"host": "web-1.example.org", "state": "down", "since": 1700000000, "checks": ["ping", "http"]}'
    moments = []
    for _ in range(count):
        moments.append(time.time())
        client.webhook(url, body)
        if pause:
            time.sleep(pause)
    return moments


def read(target: Target, query: str, count: int) -> list[float]:
    """Read a page of executions `count` times; return the seconds each took."""
    client = Client(target)
    seconds = []
    for _ in range(count):
        start = time.perf_counter()
        client.page(query)
        seconds.append(time.perf_counter() - start)
    return seconds


def in_processes(number: int, function: Callable[..., list[Any]], *arguments: Any) -> list[Any]:
    """Call `function` in `number` new processes at once; return all they returned, in one list."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(number, mp_context=context) as pool:
        futures = [pool.submit(function, *arguments) for _ in range(number)]
        return [item for future in futures for item in future.result()]


def durations(sent: Sequence[float], executions: Sequence[dict[str, Any]]) -> list[float]:
    """Seconds from each request to the end of its execution, for requests none of which waited for another."""
    ended = sorted(to_epoch(execution["end_timestamp"]) for execution in executions)
    return [end - start for start, end in zip(sorted(sent), ended, strict=True)]


def wait_until(is_over: Callable[[], bool], seconds: float, problem: str) -> None:
    """Look whether a burst is over, the more rarely the longer it takes; raise `RuntimeError` when it takes too long.

    A look has thousands of executions counted, which is not to be measured. When they ended they say themselves.
    """
    start = time.monotonic()
    while not is_over():
        elapsed = time.monotonic() - start
        if elapsed > seconds:
            raise RuntimeError(problem)
        time.sleep(max(LOOK, elapsed / 2))
