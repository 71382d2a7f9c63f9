"""Actions and their views."""

from __future__ import annotations

from st2lite.http.openapi.noun import Noun
from st2lite.http.openapi.parts import (
    BOOLEAN,
    IDENTIFIER,
    IDS,
    INCLUDE,
    LIMIT,
    OBJECT,
    OFFSET,
    REF_OR_ID,
    STRING,
    Json,
    answer,
    array,
    body,
    closed,
    described,
    empty,
    excluding,
    filters,
    opened,
    operation,
    ref,
    rows,
)

ACTION_PROPERTIES: Json = {
    "id": IDENTIFIER,
    "uid": described(STRING, "`action:<pack>:<name>`"),
    "ref": described(STRING, "`<pack>.<name>`"),
    "name": STRING,
    "pack": STRING,
    "description": STRING,
    "enabled": BOOLEAN,
    "runner_type": described(STRING, "Name of the runner."),
    "entry_point": described(STRING, "Script or workflow file, relative to the `actions` directory of the pack."),
    "parameters": described({"type": "object", "additionalProperties": OBJECT}, "Parameter name to its schema."),
    "output_schema": OBJECT,
    "tags": array(OBJECT),
    "notify": OBJECT,
    "metadata_file": described(STRING, "Metadata file, relative to the directory of the pack."),
}
_DATA_FILES = described(
    array(opened({"file_path": STRING, "content": STRING}, ("file_path", "content"))),
    "Files to write below the `actions` directory of the pack.",
)
_INPUT_PROPERTIES: Json = {
    **{name: ACTION_PROPERTIES[name] for name in ("description", "enabled", "entry_point", "parameters", "notify")},
    "name": {"type": "string", "minLength": 1},
    "pack": {"type": "string", "pattern": "^[a-z0-9_]*$", "description": "`default` when empty."},
    "runner_type": {**ACTION_PROPERTIES["runner_type"], "minLength": 1},
    "output_schema": OBJECT,
    "tags": array(opened({"name": STRING, "value": STRING})),
    "data_files": _DATA_FILES,
}

SCHEMAS: Json = {
    "Action": closed(ACTION_PROPERTIES),
    "ActionSnapshot": closed(ACTION_PROPERTIES, (), "An action as it was when the execution was requested."),
    "ActionInput": opened(_INPUT_PROPERTIES, ("name", "runner_type")),
    "ActionParameters": closed({"parameters": ACTION_PROPERTIES["parameters"]}, ("parameters",)),
    "CloneRequest": {
        **closed({"dest_pack": STRING, "dest_action": STRING, "overwrite": BOOLEAN}, ("dest_pack", "dest_action")),
    },
}

_SELECTION = [INCLUDE, excluding("parameters", "notify")]
_LIST = [
    IDS,
    *filters(pack="Pack of the action.", name="Name of the action.", tags="Name of a tag."),
    LIMIT,
    OFFSET,
    *_SELECTION,
]
_EXAMPLE: Json = {
    "name": "greet",
    "pack": "default",
    "runner_type": "local-shell-cmd",
    "description": "Greets somebody.",
    "parameters": {
        "name": {"type": "string", "required": True},
        "cmd": {"immutable": True, "default": "echo hello {{name}}"},
    },
}

_ACTION = Noun("Action", "action", "actions")


PATHS: Json = {
    "/actions": {
        "get": _ACTION.listing(_LIST),
        "post": _ACTION.create(_EXAMPLE, "Create an action, and files of it", ("403", "404", "409")),
    },
    "/actions/{ref_or_id}": {
        "parameters": [REF_OR_ID],
        "get": _ACTION.read(),
        "put": _ACTION.replace(_EXAMPLE, errors=("403", "404", "409")),
        "delete": operation(
            "deleteAction",
            "Delete an action",
            {"204": empty("Deleted.")},
            request=body(opened({"remove_files": BOOLEAN}), required=False),
            errors=("403", "404"),
        ),
    },
    "/actions/{ref_or_id}/clone": {
        "parameters": [REF_OR_ID],
        "post": operation(
            "cloneAction",
            "Copy an action and its files",
            {"201": answer(ref("Action"), "The new action.")},
            request=body(ref("CloneRequest")),
            errors=("403", "404", "409"),
        ),
    },
    "/actions/views/parameters/{ref_or_id}": {
        "parameters": [REF_OR_ID],
        "get": operation(
            "getActionParameters",
            "Read the parameters of an action and its runner together",
            {"200": answer(ref("ActionParameters"), "Parameters.")},
            errors=("404",),
        ),
    },
    "/actions/views/overview": {
        "get": operation(
            "listActionOverviews",
            "List actions with the parameters of their runners",
            {"200": rows(ref("Action"), "Actions.")},
            parameters=[IDS, *filters(name="Name of the action."), LIMIT, OFFSET, *_SELECTION],
        ),
    },
    "/actions/views/overview/{ref_or_id}": {
        "parameters": [REF_OR_ID],
        "get": operation(
            "getActionOverview",
            "Read an action with the parameters of its runner",
            {"200": _ACTION.answer},
            errors=("404",),
        ),
    },
    "/actions/views/entry_point/{ref_or_id}": {
        "parameters": [REF_OR_ID],
        "get": operation(
            "getActionEntryPoint",
            "Read the script or workflow file of an action",
            {
                "200": {
                    "description": "The file.",
                    "content": {
                        kind: {"schema": STRING} for kind in ("text/plain", "text/x-python", "application/x-yaml")
                    },
                }
            },
            errors=("404",),
        ),
    },
}
