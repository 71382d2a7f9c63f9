"""Executions and what belongs to them."""

from __future__ import annotations

from st2lite.executions.requests import LONGEST_DELAY
from st2lite.http.openapi.parts import (
    ANYTHING,
    BOOLEAN,
    EXCLUDE,
    IDENTIFIER,
    IDS,
    INCLUDE,
    INTEGER,
    LIMIT,
    OBJECT,
    OFFSET,
    SHOW_SECRETS,
    SORT,
    STRING,
    TIMESTAMP,
    Json,
    answer,
    array,
    body,
    closed,
    described,
    excluding,
    filters,
    header,
    moments,
    opened,
    operation,
    path,
    query,
    ref,
    rows,
)
from st2lite.models import statuses
from st2lite.models.execution import RESULT_LIMIT

_STATUS: Json = {"type": "string", "enum": list(statuses.ALL)}
_LIVEACTION = closed(
    {
        "id": IDENTIFIER,
        "action": described(STRING, "Reference of the action."),
        "action_is_workflow": BOOLEAN,
        "callback": OBJECT,
        "runner_info": OBJECT,
        "parameters": OBJECT,
        "notify": OBJECT,
    },
    (),
)
_SNAPSHOT = described({"type": ["object", "null"]}, "Present when a rule started the execution.")
_EXECUTION: Json = {
    "id": IDENTIFIER,
    "action": ref("ActionSnapshot"),
    "runner": ref("RunnerSnapshot"),
    "liveaction": _LIVEACTION,
    "status": _STATUS,
    "start_timestamp": TIMESTAMP,
    "end_timestamp": TIMESTAMP,
    "elapsed_seconds": {"type": "number", "description": "Only when the execution has ended."},
    "parameters": OBJECT,
    "result": described(ANYTHING, "What the runner returned."),
    "result_size": described(INTEGER, "Bytes."),
    "context": OBJECT,
    "parent": described(IDENTIFIER, "Execution that started this one."),
    "children": array(IDENTIFIER),
    "log": array(closed({"timestamp": TIMESTAMP, "status": _STATUS}, ("timestamp", "status"))),
    "web_url": STRING,
    "notify": OBJECT,
    "callback": OBJECT,
    "rule": _SNAPSHOT,
    "trigger": _SNAPSHOT,
    "trigger_type": _SNAPSHOT,
    "trigger_instance": _SNAPSHOT,
    "workflow_execution": STRING,
    "task_execution": STRING,
    "delay": described(INTEGER, "Milliseconds."),
}
_NULLABLE_OBJECT: Json = {"type": ["object", "null"]}
_DELAY: Json = {
    "type": ["integer", "null"],
    "minimum": 0,
    "maximum": LONGEST_DELAY,
    "description": "Milliseconds to wait before the execution starts.",
}
_NAMES = array({"type": ["string", "null"]})

SCHEMAS: Json = {
    "Execution": closed(_EXECUTION, description="Attributes without a value, and empty ones, are absent."),
    "ExecutionRequest": opened(
        {
            "action": {"type": "string", "minLength": 1, "description": "Reference of the action."},
            "parameters": _NULLABLE_OBJECT,
            "user": described({"type": ["string", "null"]}, "Run for this user instead of the caller."),
            "context": _NULLABLE_OBJECT,
            "notify": _NULLABLE_OBJECT,
            "callback": _NULLABLE_OBJECT,
            "delay": _DELAY,
        },
        ("action",),
    ),
    "ExecutionUpdate": closed({"status": _STATUS, "result": ANYTHING}, ()),
    "ReRunRequest": opened(
        {
            "parameters": _NULLABLE_OBJECT,
            "tasks": {"type": ["array", "null"], "items": STRING},
            "reset": {"type": ["array", "null"], "items": STRING},
            "user": {"type": ["string", "null"]},
            "delay": _DELAY,
        }
    ),
    "ExecutionFilters": closed(
        dict.fromkeys(("action", "status", "rule", "runner", "trigger", "trigger_type", "user"), _NAMES), ()
    ),
}

_ID = path("id", "Id of the execution, or `last` for the newest one.", "last")
_ONE = answer(ref("Execution"), "The execution.")
_FILTERS = filters(
    status="Status.",
    parent="Id of the parent; `null` for executions without one.",
    action="Reference of the action.",
    runner="Name of the runner.",
    rule="Name of the rule.",
    trigger="Name of the trigger.",
    trigger_type="Name of the trigger type.",
    trigger_instance="Id of the trigger instance.",
    user="User for whom the action ran.",
    liveaction="Id of the live action.",
    filter="Space separated `path:value` pairs, for example `action.ref:core.local status:failed`.",
)
_EXCLUDE = excluding("result", "trigger_instance", "status")
_CHRONOLOGY = [
    *moments(timestamp="Started exactly then.", timestamp_gt="Started later.", timestamp_lt="Started earlier."),
    query("sort_asc", BOOLEAN, "Oldest first."),
    query("sort_desc", BOOLEAN, "Newest first."),
]
_ERROR_IN_200 = answer({"anyOf": [ref("Execution"), ref("Error")]}, "The execution, or why it cannot be canceled.")

PATHS: Json = {
    "/executions": {
        "get": operation(
            "listExecutions",
            "List executions, newest first",
            {"200": rows(ref("Execution"), "Executions.")},
            parameters=[IDS, *_FILTERS, *_CHRONOLOGY, LIMIT, OFFSET, SORT, INCLUDE, _EXCLUDE, SHOW_SECRETS],
        ),
        "post": operation(
            "requestExecution",
            "Run an action",
            {"201": answer(ref("Execution"), "The execution, requested.")},
            parameters=[SHOW_SECRETS, header("st2-context", STRING, "JSON object merged into the context.")],
            request=body(ref("ExecutionRequest"), example={"action": "core.local", "parameters": {"cmd": "date"}}),
        ),
    },
    "/executions/{id}": {
        "parameters": [_ID],
        "get": operation(
            "getExecution",
            "Read an execution",
            {"200": _ONE},
            parameters=[
                INCLUDE,
                _EXCLUDE,
                SHOW_SECRETS,
                query(
                    "max_result_size",
                    {"type": "integer", "minimum": 1, "maximum": RESULT_LIMIT},
                    "Leave out a result that is larger, in bytes.",
                ),
            ],
            errors=("404",),
        ),
        "put": operation(
            "updateExecution",
            "Pause, resume or cancel an execution, or finish it from outside",
            {"200": _ONE},
            parameters=[SHOW_SECRETS],
            request=body(ref("ExecutionUpdate")),
            errors=("404", "409"),
        ),
        "delete": operation(
            "cancelExecution",
            "Cancel an execution",
            {"200": _ERROR_IN_200},
            parameters=[SHOW_SECRETS],
            errors=("404", "409"),
        ),
    },
    "/executions/{id}/re_run": {
        "parameters": [_ID],
        "post": operation(
            "reRunExecution",
            "Run an execution again, with some parameters changed",
            {"201": answer(ref("Execution"), "The new execution.")},
            parameters=[SHOW_SECRETS],
            request=body(ref("ReRunRequest"), required=False),
            errors=("404",),
        ),
    },
    "/executions/{id}/children": {
        "parameters": [_ID],
        "get": operation(
            "listExecutionChildren",
            "List the executions that an execution started",
            {"200": answer(array(ref("Execution")), "Executions.")},
            parameters=[
                query("depth", {"type": "integer"}, "Generations to follow; -1 (default) for all."),
                query("result_fmt", STRING, "`sorted`: by start time; else parents before their children."),
                INCLUDE,
                EXCLUDE,
            ],
            errors=("404",),
        ),
    },
    "/executions/{id}/attribute/{attribute}": {
        "parameters": [
            _ID,
            {
                "name": "attribute",
                "in": "path",
                "required": True,
                "schema": {"type": "string", "enum": ["result", "status", "trigger_instance"]},
                "description": "Name of the attribute.",
            },
        ],
        "get": operation(
            "getExecutionAttribute",
            "Read one attribute of an execution",
            {"200": answer(ANYTHING, "The bare value.")},
            errors=("404",),
        ),
    },
    "/executions/{id}/output": {
        "parameters": [_ID],
        "get": operation(
            "getExecutionOutput",
            "Read the output that is stored so far",
            {"200": answer(STRING, "The output.", "text/plain")},
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
    "/executions/{id}/result": {
        "parameters": [_ID],
        "get": operation(
            "getExecutionResult",
            "Read the result as it is, secrets included",
            {
                "200": {
                    "description": "The result; `null` when there is none yet.",
                    "content": {
                        "text/json": {"schema": ANYTHING},
                        "application/x-gzip": {"schema": {"type": "string", "format": "binary"}},
                    },
                }
            },
            parameters=[
                query("download", BOOLEAN, "Offer the result as a file."),
                query("compress", BOOLEAN, "Compress it with gzip."),
                query("pretty_format", BOOLEAN, "Indent it."),
            ],
            errors=("404",),
        ),
    },
    "/executions/views/filters": {
        "get": operation(
            "listExecutionFilters",
            "List the values that executions can be filtered by",
            {"200": answer(ref("ExecutionFilters"), "Values per filter.")},
            parameters=[query("types", STRING, "Comma separated filters; all of them by default.")],
        ),
    },
}
