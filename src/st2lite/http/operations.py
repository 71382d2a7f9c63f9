"""What whoever runs the service asks it: is it alive, is it ready, how much does it do. Open to all who reach it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

import falcon
import msgspec

from st2lite.http.metrics import RequestMetrics, exposition
from st2lite.messaging.contract import Bus
from st2lite.models.errors import St2liteError
from st2lite.storage.contract import Store

_CHECK_SECONDS = 10.0


Checks = Mapping[str, Callable[[], None]]
"""What a service cannot work without: name, and what asks it for a sign of life."""


def check_dependencies(checks: Checks) -> dict[str, str]:
    """Ask all dependencies at once for a sign of life; map each name to `ok` or to what is wrong."""
    answers = dict.fromkeys(checks, f"no answer within {_CHECK_SECONDS:g} seconds")

    def check(name: str) -> None:
        try:
            checks[name]()
        except St2liteError as error:
            answers[name] = error.message
        else:
            answers[name] = "ok"

    threads = [threading.Thread(target=check, args=(name,), daemon=True) for name in checks]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + _CHECK_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return dict(answers)


class Health:
    """`/healthz`: this process answers requests."""

    public = True

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = {"status": "alive"}


class Readiness:
    """`/readyz`: everything that requests need answers, too; else 503 names what does not."""

    public = True

    def __init__(self, checks: Checks) -> None:
        self._checks = checks

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        checks = check_dependencies(self._checks)
        down = [f"{name}: {answer}" for name, answer in checks.items() if answer != "ok"]
        if down:
            resp.status = 503
            resp.content_type = falcon.MEDIA_JSON
            resp.data = msgspec.json.encode({"faultstring": f"Not ready. {' '.join(down)}", "checks": checks})
        else:
            resp.media = {"status": "ready", "checks": checks}


class Metrics:
    """`/metrics`: counters in Prometheus' text format."""

    public = True

    def __init__(self, requests: RequestMetrics, store: Store) -> None:
        self._requests = requests
        self._store = store

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.data, resp.content_type = exposition(self._requests, self._store)


def add_operations(
    app: falcon.App[falcon.Request, falcon.Response], service: str, store: Store, bus: Bus | None = None
) -> None:
    """Serve `/healthz`, `/readyz` and `/metrics` from an app, and count its requests."""
    requests = RequestMetrics(service)
    app.add_middleware(requests)
    app.add_route("/healthz", Health())
    checks = {"store": store.ping} if bus is None else {"store": store.ping, "bus": bus.ping}
    app.add_route("/readyz", Readiness(checks))
    app.add_route("/metrics", Metrics(requests, store))
