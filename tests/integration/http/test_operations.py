"""Health, readiness and metrics."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from falcon import testing

from st2lite.http.auth_app import create_auth_app
from st2lite.http.operations import check_dependencies
from st2lite.http.stream_app import create_stream_app
from st2lite.http.stream_hub import StreamHub
from st2lite.models.errors import BusUnavailable
from tests.processes import PATIENCE


@pytest.fixture(params=["api", "auth", "stream"])
def service(request: pytest.FixtureRequest, client) -> testing.TestClient:
    """Each of the three apps, called without credentials."""
    context = client.context
    if request.param == "api":
        return testing.TestClient(client.app)
    if request.param == "auth":
        return testing.TestClient(create_auth_app(context))
    return testing.TestClient(create_stream_app(context, StreamHub(context.bus, context.store, context.views)))


def test_alive_and_ready(service: testing.TestClient) -> None:
    assert service.simulate_get("/healthz").json == {"status": "alive"}
    ready = service.simulate_get("/readyz")
    assert (ready.status_code, ready.json["status"]) == (200, "ready")
    # The auth service does without the bus.
    assert ready.json["checks"] in ({"store": "ok", "bus": "ok"}, {"store": "ok"})


def test_a_closed_bus_is_named(service: testing.TestClient, client) -> None:
    needed = "bus" in service.simulate_get("/readyz").json["checks"]
    client.context.bus.close()
    result = service.simulate_get("/readyz")
    assert result.status_code == (503 if needed else 200)
    assert result.json["checks"]["store"] == "ok"
    assert not needed or result.json["faultstring"].startswith("Not ready. bus: ")
    assert service.simulate_get("/healthz").status_code == 200


def test_dependencies_are_asked_at_the_same_time() -> None:
    together = threading.Barrier(2, timeout=PATIENCE)

    def away() -> None:
        together.wait()
        raise BusUnavailable("no broker")

    assert check_dependencies({"store": lambda: together.wait() and None, "bus": away}) == {
        "store": "ok",
        "bus": "no broker",
    }


def test_requests_are_counted(service: testing.TestClient, client) -> None:
    service.simulate_get("/nowhere")
    service.simulate_get("/nowhere")
    service.simulate_request("TRACE", "/healthz")
    client.run("core.noop")
    result = service.simulate_get("/metrics")
    assert result.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'method="GET",service=' in result.text
    assert 'status="404"} 2.0' in result.text
    assert 'method="other"' in result.text
    assert "TRACE" not in result.text
    assert 'st2lite_executions_active{status="requested"} 1.0' in result.text
    assert 'le="+Inf"' in result.text
    assert "process_resident_memory_bytes" in result.text


def test_nobody_pays_for_metrics_before_the_first_scrape() -> None:
    program = "import sys, st2lite.http.api_app, st2lite.http.operations; sys.exit('prometheus_client' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
