"""Holds responses against an OpenAPI document of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator

_METHODS = ("get", "put", "post", "delete")


class Contract:
    """The operations of one document. `check` raises `AssertionError` for a response the document does not allow."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        # Literal parts win over parameters, as in routing.
        paths = sorted(document["paths"], key=lambda path: (path.count("{"), -len(path)))
        self._patterns = [(re.compile(_pattern(path)), document["paths"][path]) for path in paths]
        self._validators: dict[int, Draft202012Validator] = {}

    def operation(self, method: str, path: str) -> dict[str, Any] | None:
        """The operation that answers a request, None when the document knows none."""
        path = re.sub(r"^/(v1(?=/|$))?/*", "/", re.sub("/{2,}", "/", path)).rstrip("/") or "/"
        path = re.sub(r"^/actionexecutions", "/executions", path)
        for pattern, item in self._patterns:
            if pattern.fullmatch(path):
                return item.get(method.lower())
        return None

    def check(self, method: str, path: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        headers = {name.lower(): value for name, value in headers.items()}
        where = f"{method} {path} -> {status}"
        assert "x-request-id" in headers, f"{where}: no X-Request-ID"
        if method == "OPTIONS" or path.endswith("/openapi.json"):
            return
        operation = self.operation(method, path)
        if operation is None:
            assert status in (401, 404), f"{where}: not in the document"
            self._check_schema({"$ref": "#/components/schemas/Error"}, json.loads(body), where)
            return
        assert str(status) in operation["responses"], f"{where}: status not in the document; {body[:300]!r}"
        response = self._resolve(operation["responses"][str(status)])
        for name, header in response.get("headers", {}).items():
            self._check_header(name, header, headers, where)
        content = response.get("content")
        if not content:
            assert not body, f"{where}: has a body, and the document says there is none"
            return
        media_type = headers.get("content-type", "").partition(";")[0].strip()
        assert media_type in content or "*/*" in content, f"{where}: {media_type} is not in the document"
        if media_type.endswith("json"):
            self._check_schema(content.get(media_type, content.get("*/*"))["schema"], json.loads(body), where)

    def _check_header(self, name: str, header: dict[str, Any], headers: Mapping[str, str], where: str) -> None:
        value = headers.get(name.lower())
        if value is None:
            assert not header.get("required"), f"{where}: header {name} is missing"
        elif header["schema"].get("type") == "integer":
            assert value.isdigit(), f"{where}: header {name} is {value!r}"

    def _check_schema(self, schema: dict[str, Any], value: Any, where: str) -> None:
        validator = self._validators.get(id(schema))
        if validator is None:
            rooted = {**schema, "components": self._document["components"]}
            validator = Draft202012Validator(rooted)
            if not schema.get("$ref", "").endswith("/Error"):
                self._validators[id(schema)] = validator
        errors = [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(value)]
        assert not errors, f"{where}: {errors[:5]}"

    def _resolve(self, response: dict[str, Any]) -> dict[str, Any]:
        reference = response.get("$ref")
        return self._document["components"]["responses"][reference.rpartition("/")[2]] if reference else response


def _pattern(path: str) -> str:
    """Expression for a path template; the last parameter may span slashes (a file below a pack, a webhook)."""
    return "".join(_pattern_of(part) for part in re.split(r"(\{[^}]+\})", path))


def _pattern_of(part: str) -> str:
    if part in ("{file_path}", "{hook}"):
        return ".+"
    return "[^/]+" if part.startswith("{") else re.escape(part)
