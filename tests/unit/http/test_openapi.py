"""The OpenAPI documents are what they claim to be."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import schemathesis

from st2lite import __version__
from st2lite.http.openapi.document import document, encoded

SERVICES = ("api", "auth", "stream")


@pytest.mark.parametrize("service", SERVICES)
def test_the_document_is_valid_openapi(service: str) -> None:
    schemathesis.openapi.from_dict(document(service)).validate()
    assert json.loads(encoded(service))["info"]["version"] == __version__


@pytest.mark.parametrize("service", SERVICES)
def test_references_lead_somewhere_and_nothing_is_left_over(service: str) -> None:
    whole = document(service)
    used = set(re.findall(r'"#/components/(\w+/\w+)"', encoded(service).decode()))
    defined = {f"schemas/{name}" for name in whole["components"]["schemas"]}
    responses = {f"responses/{name}" for name in whole["components"]["responses"]}
    assert used <= defined | responses
    assert defined <= used


@pytest.mark.parametrize("service", SERVICES)
def test_parameters_of_paths_are_declared(service: str) -> None:
    for path, item in document(service)["paths"].items():
        declared = {parameter["name"] for parameter in item.get("parameters", ()) if parameter["in"] == "path"}
        assert declared == set(re.findall(r"\{(\w+)\}", path)), path


@pytest.mark.parametrize("service", SERVICES)
def test_everything_is_explained(service: str) -> None:
    for path, method, operation in operations(service):
        assert operation["summary"], (path, method)
        assert operation["tags"], (path, method)
        for parameter in operation.get("parameters", ()):
            assert parameter["description"], (path, parameter["name"])
        for status, response in operation["responses"].items():
            assert response.get("description") or "$ref" in response, (path, method, status)


def operations(service: str) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, item in document(service)["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    ]
