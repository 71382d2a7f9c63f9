"""Runner types."""

from __future__ import annotations

from st2lite.http.openapi.noun import Noun
from st2lite.http.openapi.parts import (
    BOOLEAN,
    IDENTIFIER,
    IDS,
    LIMIT,
    OBJECT,
    OFFSET,
    SELECTION,
    SORT,
    STRING,
    Json,
    body,
    closed,
    described,
    filters,
    opened,
    operation,
    path,
)

RUNNER_PROPERTIES: Json = {
    "id": IDENTIFIER,
    "uid": described(STRING, "`runner_type:<name>`"),
    "name": STRING,
    "description": STRING,
    "enabled": BOOLEAN,
    "runner_package": STRING,
    "runner_module": STRING,
    "runner_parameters": {"type": "object", "additionalProperties": OBJECT},
    "output_key": described(STRING, "Key of the result that the output schema of an action describes."),
    "output_schema": OBJECT,
}

SCHEMAS: Json = {
    "RunnerType": closed(RUNNER_PROPERTIES),
    "RunnerSnapshot": closed(RUNNER_PROPERTIES, (), "A runner type as it was when the execution was requested."),
}

_NAME = path("name_or_id", "Name or id of the runner.", "local-shell-cmd")

_RUNNER = Noun("RunnerType", "runner type", "runner types")

PATHS: Json = {
    "/runnertypes": {
        "get": _RUNNER.listing([IDS, *filters(name="Name of the runner."), LIMIT, OFFSET, SORT, *SELECTION]),
    },
    "/runnertypes/{name_or_id}": {
        "parameters": [_NAME],
        "get": _RUNNER.read(),
        "put": operation(
            "updateRunnerType",
            "Enable or disable a runner; everything else in the body is ignored",
            {"200": _RUNNER.answer},
            request=body(opened({"enabled": BOOLEAN})),
            errors=("404",),
        ),
    },
}
