"""The stream service: server-sent events."""

from __future__ import annotations

from st2lite.http.openapi.parts import STRING, Json, answer, operation, path, query

SCHEMAS: Json = {}

_EVENTS = answer(STRING, "Frames `event: <name>`, `data: <JSON>` and a blank line.", "text/event-stream")

PATHS: Json = {
    "/stream": {
        "get": operation(
            "streamEvents",
            "Follow what happens, from now on",
            {"200": _EVENTS},
            parameters=[
                query("events", STRING, "Comma separated names of events; `*` and `?` match any text."),
                query("action_refs", STRING, "Comma separated references: only events about these actions."),
                query("execution_ids", STRING, "Comma separated ids: only events about these executions."),
                query("end_event", STRING, "Stop after this event when it tells that `end_execution_id` has ended."),
                query("end_execution_id", STRING, "See `end_event`."),
            ],
        ),
    },
    "/executions/{id}/output": {
        "parameters": [path("id", "Id of the execution, or `last` for the newest one.", "last")],
        "get": operation(
            "streamExecutionOutput",
            "Follow the output of an execution, from its start to its end (event `EOF`)",
            {"200": _EVENTS},
            parameters=[
                query(
                    "output_type",
                    {"type": "string", "enum": ["all", "stdout", "stderr", "output"]},
                    "Which output; `all` by default.",
                )
            ],
            errors=("404",),
        ),
    },
}
