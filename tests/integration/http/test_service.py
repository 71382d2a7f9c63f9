"""What holds for the whole api app: root, description, unknown paths, credentials."""

from __future__ import annotations

import re

import pytest
from falcon import testing
from falcon.inspect import inspect_routes

from st2lite import __version__
from st2lite.http.openapi.document import document
from tests.integration.http.conftest import ApiClient


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/"])
def test_the_root_tells_the_version(client: ApiClient, path: str) -> None:
    answer = client.simulate_get(path).json
    assert answer["version"] == __version__
    assert answer["docs_url"].startswith("https://")


def test_the_root_needs_credentials_like_everything_else(client: ApiClient) -> None:
    stranger = testing.TestClient(client.app)
    for path in ("/v1", "/v1/executions", "/v1/actions", "/v1/keys", "/v1/packs/views/files/core", "/v1/inquiries"):
        result = stranger.simulate_get(path)
        assert result.status_code == 401, path
        assert result.json["faultstring"].startswith("Unauthorized - "), path
    assert stranger.simulate_post("/v1/executions", json={"action": "core.noop"}).status_code == 401
    assert client.simulate_get("/v1/executions").json == []


@pytest.mark.parametrize("path", ["/v1/openapi.json", "/openapi.json"])
def test_the_description_is_served_to_everybody(client: ApiClient, path: str) -> None:
    result = testing.TestClient(client.app).simulate_get(path)
    assert (result.status_code, result.json["openapi"]) == (200, "3.1.0")
    assert "/executions/{id}" in result.json["paths"]


def test_what_is_served_is_described_and_the_other_way_round(client: ApiClient) -> None:
    served = {
        (re.sub(r":\w+}", "}", route.path), method.method.lower())
        for route in inspect_routes(client.app)
        for method in route.methods
        if not method.internal and route.path != "/openapi.json"
    }
    described = {
        (path, method) for path, item in document("api")["paths"].items() for method in item if method != "parameters"
    }
    assert served == described


def test_every_operation_has_its_own_name_and_its_errors(client: ApiClient) -> None:
    paths = client.simulate_get("/v1/openapi.json").json["paths"]
    operations = [
        operation
        for item in paths.values()
        for method, operation in item.items()
        if method in ("get", "put", "post", "delete")
    ]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names)) > 30
    for operation in operations:
        announced = {"400", "401", "503"} <= set(operation["responses"])
        assert announced or operation["security"] == [], operation["operationId"]


@pytest.mark.parametrize("path", ["/v1/nothing", "/v2/executions", "/v1/executions/last/colour", "/v1/v1/executions"])
def test_unknown_paths(client: ApiClient, path: str) -> None:
    result = client.simulate_get(path)
    assert (result.status_code, result.json) == (404, {"faultstring": "The resource could not be found."})


def test_a_method_that_a_path_does_not_have_is_404(client: ApiClient) -> None:
    for method, path in (("POST", "/v1/executions/last"), ("DELETE", "/v1/runnertypes"), ("PATCH", "/v1/actions/a.b")):
        result = client.simulate_request(method, path)
        assert (result.status_code, result.json) == (404, {"faultstring": "The resource could not be found."})
