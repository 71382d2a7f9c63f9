"""Traces."""

from __future__ import annotations

from st2lite.http.openapi.noun import Noun
from st2lite.http.openapi.parts import (
    BOOLEAN,
    IDENTIFIER,
    IDS,
    LIMIT,
    OFFSET,
    SELECTION,
    STRING,
    TIMESTAMP,
    Json,
    array,
    closed,
    described,
    path,
    query,
    ref,
)

SCHEMAS: Json = {
    "Trace": closed(
        {
            "id": described(IDENTIFIER, "Id of the execution or trigger instance that began it."),
            "uid": described(STRING, "`trace:<id>`"),
            "trace_tag": STRING,
            "start_timestamp": TIMESTAMP,
            "trigger_instances": array(ref("TraceComponent")),
            "rules": array(ref("TraceComponent")),
            "action_executions": array(ref("TraceComponent")),
        },
    ),
    "TraceComponent": closed(
        {
            "object_id": STRING,
            "ref": described(STRING, "Of the trigger, the rule or the action."),
            "updated_at": TIMESTAMP,
            "caused_by": closed(
                {
                    "type": {"type": "string", "enum": ["trigger_instance", "rule", "action_execution"]},
                    "id": described(STRING, "Of a rule: `<rule id>:<trigger instance id>`."),
                },
                (),
                "Empty for what began the trace.",
            ),
        },
        ("object_id", "ref", "updated_at", "caused_by"),
    ),
}

_TRACE = Noun("Trace", "trace", "traces")

PATHS: Json = {
    "/traces": {
        "get": _TRACE.listing(
            [
                IDS,
                query("trace_tag", STRING, "Tag."),
                query("execution", STRING, "Id of an execution that belongs to it."),
                query("rule", STRING, "Id of a rule that matched in it."),
                query("trigger_instance", STRING, "Id of a trigger instance that belongs to it."),
                query("sort_asc", BOOLEAN, "Oldest first."),
                query("sort_desc", BOOLEAN, "Newest first."),
                query("sort", STRING, "`start_timestamp` or `-start_timestamp`."),
                *(LIMIT, OFFSET),
                *SELECTION,
            ],
            summary="List traces with all that belongs to them, newest first",
        ),
    },
    "/traces/{id}": {
        "parameters": [path("id", "Id of the trace.", "65f0aa0000000000000000f1")],
        "get": _TRACE.read(summary="Read a trace with all that belongs to it"),
    },
}
