"""Generated requests to every operation: no server error, and nothing that the OpenAPI document does not announce."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings, strategies
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from st2lite.http.auth_app import create_auth_app
from st2lite.http.openapi.document import document
from st2lite.models.ids import derived_id
from st2lite.models.rule import RULE_TYPES, RuleEnforcement
from st2lite.models.timestamps import now
from tests.integration.http.conftest import PASSWORD, USER, ApiClient

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
VALID, INVALID = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE


def requests() -> Iterator[Any]:
    """Every operation with valid input, and with invalid input where it takes any."""
    for service in ("api", "auth"):
        for path, item in sorted(document(service)["paths"].items()):
            for method in ("get", "put", "post", "delete"):
                if method in item:
                    name = f"{service} {method} {path}"
                    yield pytest.param(service, path, method, VALID, id=f"{name} valid")
                    if item[method].get("security") != []:
                        yield pytest.param(service, path, method, INVALID, id=f"{name} invalid")


@pytest.fixture(scope="module")
def schemas(shared_client: ApiClient) -> dict[str, Any]:
    """The descriptions as the apps serve them."""
    apps = {"api": shared_client.app, "auth": create_auth_app(shared_client.context)}
    return {name: schemathesis.openapi.from_wsgi("/v1/openapi.json", app) for name, app in apps.items()}


@pytest.fixture
def existing(shared_client: ApiClient) -> dict[str, dict[str, str]]:
    """Parameters of paths that name objects which exist, by the first part of the path."""
    identifier = shared_client.run("core.ask")
    for status in ("running", "pending"):
        shared_client.simulate_put(f"/v1/executions/{identifier}", json={"status": status, "result": {"schema": {}}})
    shared_client.simulate_put("/v1/keys/colour", json={"value": "blue"})
    shared_client.simulate_post("/v1/actions", json={"name": "probe", "runner_type": "noop"})
    key = shared_client.simulate_post("/v1/apikeys").json["id"]
    shared_client.run()
    shared_client.simulate_post("/v1/triggertypes", json={"name": "probe"})
    trigger = {"type": "core.st2.webhook", "parameters": {"url": "alarm"}}
    rule = {"name": "probe", "trigger": trigger, "action": {"ref": "core.noop"}}
    shared_client.simulate_post("/v1/rules", json=rule)
    made = shared_client.simulate_post("/v1/triggers", json=trigger).json["id"]
    timer = {"type": "core.st2.DateTimer", "parameters": {"date": "2030-01-01"}}
    shared_client.simulate_post("/v1/triggers", json=timer)
    event = shared_client.context.dispatcher.dispatch_type(
        "core.st2.generic.inquiry", {"id": identifier, "route": ""}
    ).id
    enforcement = RuleEnforcement(
        id=derived_id(event, identifier),
        trigger_instance_id=event,
        rule={"ref": "default.probe", "id": identifier, "uid": "rule:default:probe"},
        enforced_at=now(),
        execution_id=identifier,
    )
    shared_client.context.store.insert(enforcement)
    return {
        "triggertypes": {"ref_or_id": "default.probe"},
        "triggers": {"id": made},
        "triggerinstances": {"id": event},
        "rules": {"ref_or_id": "default.probe"},
        "ruletypes": {"id": RULE_TYPES[0].id},
        "ruleenforcements": {"id": enforcement.id},
        "webhooks": {"hook": "alarm"},
        "traces": {"id": event},
        "timers": {"ref_or_id": shared_client.simulate_get("/v1/timers").json[0]["id"]},
        "actions": {"ref_or_id": "default.probe"},
        "runnertypes": {"name_or_id": "winrm-cmd"},
        "executions": {"id": "last"},
        "inquiries": {"id": identifier},
        "packs": {"ref_or_id": "core", "file_path": "pack.yaml"},
        "keys": {"name": "colour"},
        "apikeys": {"id_or_key": key},
    }


@pytest.mark.parametrize(("service", "path", "method", "mode"), list(requests()))
def test_generated_requests(
    schemas: dict[str, Any],
    shared_client: ApiClient,
    existing: dict[str, dict[str, str]],
    service: str,
    path: str,
    method: str,
    mode: schemathesis.GenerationMode,
) -> None:
    operation = schemas[service][path][method.upper()]
    names = existing.get(path.split("/")[1], {})

    # Deterministic: the same examples in every run.
    @given(case=operation.as_strategy(generation_mode=mode), hit=strategies.booleans())
    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    def send(case: Any, hit: bool) -> None:
        if hit:
            case.path_parameters.update((name, value) for name, value in names.items() if f"{{{name}}}" in path)
        headers = {"X-Auth-Token": shared_client.token, "Authorization": BASIC}
        case.call_and_validate(checks=CHECKS, base_url="http://localhost/v1", headers=headers)

    send()
