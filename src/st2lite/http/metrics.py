"""Counting requests, and telling Prometheus about it.

Requests are counted in plain mappings; prometheus-client is imported by the first scrape, so that a service that nobody
scrapes does not pay for it.
"""

from __future__ import annotations

import bisect
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import falcon

from st2lite.models import statuses
from st2lite.models.errors import StoreUnavailable
from st2lite.models.execution import Execution
from st2lite.storage.contract import Equal, Store

if TYPE_CHECKING:
    from prometheus_client.core import Metric

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the durations that are counted together, in seconds."""

_ACTIVE = tuple(status for status in statuses.ALL if status not in statuses.COMPLETED)
_METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"})


class RequestMetrics:
    """Middleware that counts the requests of one service: api, auth or stream."""

    def __init__(self, service: str) -> None:
        self.service = service
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, int], int] = {}
        self._durations = [0] * (len(BUCKETS) + 1)
        self._seconds = 0.0

    def process_request(self, req: falcon.Request, resp: falcon.Response) -> None:
        req.context.started = time.perf_counter()

    def process_response(
        self, req: falcon.Request, resp: falcon.Response, resource: object, req_succeeded: bool
    ) -> None:
        # Absent when an earlier middleware ended the request (OPTIONS, a path that is no text).
        seconds = time.perf_counter() - getattr(req.context, "started", time.perf_counter())
        key = (req.method if req.method in _METHODS else "other", resp.status_code)
        with self._lock:
            self._counts[key] = self._counts.get(key, 0) + 1
            self._durations[bisect.bisect_left(BUCKETS, seconds)] += 1
            self._seconds += seconds

    def collect(self) -> Iterator[Metric]:
        """What was counted so far."""
        from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

        with self._lock:
            counts, durations, seconds = dict(self._counts), list(self._durations), self._seconds
        requests = CounterMetricFamily(
            "st2lite_http_requests", "Requests answered.", labels=["service", "method", "status"]
        )
        for (method, status), count in sorted(counts.items()):
            requests.add_metric([self.service, method, str(status)], count)
        yield requests
        buckets, total = [], 0
        for bound, count in zip((*map(str, BUCKETS), "+Inf"), durations, strict=True):
            total += count
            buckets.append((bound, float(total)))
        histogram = HistogramMetricFamily(
            "st2lite_http_request_seconds", "Time until the answer began.", labels=["service"]
        )
        histogram.add_metric([self.service], buckets, seconds)
        yield histogram


class _Executions:
    """Counts executions that have not ended, by status; asks the store at each scrape."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import GaugeMetricFamily

        gauge = GaugeMetricFamily("st2lite_executions_active", "Executions that have not ended.", labels=["status"])
        try:
            for status in _ACTIVE:
                gauge.add_metric([status], self._store.count(Execution, [Equal("status", status)]))
        except StoreUnavailable:
            return  # /readyz tells; the other metrics are still worth having
        yield gauge


def exposition(requests: RequestMetrics, store: Store) -> tuple[bytes, str]:
    """All metrics of this process as text, and the content type of that text."""
    from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest
    from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    registry.register(requests)
    registry.register(_Executions(store))
    return generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4
