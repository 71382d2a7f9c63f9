"""Load, made in processes of its own so that the measuring process does not get in the way."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from benchmarks.client import Client, Target

POLL = 0.002
"""Seconds between two looks at an execution whose latency is measured."""

LOOK = 1.0
"""Seconds between two looks whether a burst is over. Each has thousands of executions counted, which is not to be
measured; when they ended they say themselves."""


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


def post(target: Target, action: str, parameters: dict[str, Any], count: int, pause: float = 0.0) -> list[str]:
    """Request `count` executions without waiting for any; return their ids."""
    client = Client(target)
    identifiers = []
    for _ in range(count):
        identifiers.append(client.post(action, parameters))
        if pause:
            time.sleep(pause)
    return identifiers


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
