"""Puts the document of one service together from the modules of its nouns."""

from __future__ import annotations

import functools
from types import ModuleType

import msgspec

from st2lite import __version__
from st2lite.http.openapi import (
    access,
    actions,
    aliases,
    auth,
    configs,
    executions,
    inquiries,
    keys,
    packs,
    policies,
    rbac,
    rules,
    runner_types,
    sensor_types,
    service_registry,
    stream,
    traces,
    triggers,
)
from st2lite.http.openapi.parts import ERRORS, STRING, Json, answer, closed, opened, operation, ref

_SERVICES: dict[str, tuple[str, tuple[ModuleType, ...]]] = {
    "api": (
        "st2lite API",
        (
            actions,
            aliases,
            runner_types,
            executions,
            inquiries,
            triggers,
            rules,
            policies,
            service_registry,
            sensor_types,
            traces,
            packs,
            configs,
            keys,
            access,
            rbac,
        ),
    ),
    "auth": ("st2lite auth service", (auth,)),
    "stream": ("st2lite event stream", (stream,)),
}

_ERROR: Json = opened(
    {
        "faultstring": {"type": "string", "description": "What is wrong, and what to do about it."},
        "conflict-id": STRING,
    },
    ("faultstring",),
)
_ROOT = operation(
    "getVersion",
    "Read the version of the service",
    {"200": answer(closed({"version": STRING, "docs_url": STRING}, ("version", "docs_url")), "The version.")},
)
_STATE = closed({"status": STRING, "checks": {"type": "object", "additionalProperties": STRING}}, ("status",))
_OPERATIONS: Json = {
    "/healthz": {
        "get": operation(
            "getHealth", "Tell that the process is alive", {"200": answer(_STATE, "Alive.")}, always=(), security=[]
        ),
    },
    "/readyz": {
        "get": operation(
            "getReadiness",
            "Tell whether database and broker answer too",
            {"200": answer(_STATE, "Ready.")},
            always=("503",),
            security=[],
        ),
    },
    "/metrics": {
        "get": operation(
            "getMetrics",
            "Read counters in Prometheus' format",
            {"200": answer(STRING, "Counters.", "text/plain")},
            always=("503",),
            security=[],
        ),
    },
}
_SECURITY_SCHEMES: Json = {
    "token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"},
    "tokenInQuery": {"type": "apiKey", "in": "query", "name": "x-auth-token"},
    "tokenInCookie": {"type": "apiKey", "in": "cookie", "name": "auth-token"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "St2-Api-Key"},
    "apiKeyInQuery": {"type": "apiKey", "in": "query", "name": "st2-api-key"},
    "password": {"type": "http", "scheme": "basic"},
}
_CALLER: list[Json] = [{name: []} for name in ("token", "apiKey", "tokenInQuery", "apiKeyInQuery", "tokenInCookie")]


def document(service: str) -> Json:
    """Return the OpenAPI document of `api`, `auth` or `stream`."""
    title, nouns = _SERVICES[service]
    paths: Json = {}
    schemas: Json = {"Error": _ERROR}
    for noun in nouns:
        tag = noun.__name__.rpartition(".")[2]
        paths |= {path: _tagged(methods, tag) for path, methods in noun.PATHS.items()}
        schemas |= noun.SCHEMAS
    paths |= {path: _tagged(methods, "service") for path, methods in _OPERATIONS.items()}
    if service == "api":
        paths["/"] = _tagged({"get": _ROOT}, "service")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "Compatible with the API of StackStorm 3.9. Lists answer with arrays; errors with an object "
            "that holds `faultstring`. Query parameters that an operation does not declare are ignored.",
        },
        # Relative to where the document was fetched, so that it is right behind every proxy prefix.
        "servers": [{"url": "."}],
        "security": _CALLER,
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {f"Error{code}": answer(ref("Error"), text) for code, text in ERRORS.items()},
            "securitySchemes": _SECURITY_SCHEMES,
        },
    }


@functools.cache
def encoded(service: str) -> bytes:
    """The document as JSON."""
    return msgspec.json.encode(document(service))


def _tagged(methods: Json, tag: str) -> Json:
    return {key: {**value, "tags": [tag]} if isinstance(value, dict) else value for key, value in methods.items()}
