"""Action aliases, and executions by command."""

from __future__ import annotations

from st2lite.http.openapi.noun import Noun
from st2lite.http.openapi.parts import (
    ANYTHING,
    BOOLEAN,
    IDENTIFIER,
    IDS,
    INTEGER,
    LIMIT,
    OBJECT,
    OFFSET,
    REF_OR_ID,
    SELECTION,
    SHOW_SECRETS,
    SORT,
    STRING,
    Json,
    answer,
    array,
    body,
    closed,
    described,
    filters,
    opened,
    operation,
    query,
    ref,
)

_FORMATS = described(
    array(ANYTHING), "Texts, or objects with `display`, `representation` and `match_multiple`: what may be said."
)
_PROPERTIES: Json = {
    "id": IDENTIFIER,
    "uid": described(STRING, "`action_alias:<pack>:<name>`"),
    "ref": described(STRING, "`<pack>.<name>`"),
    "name": STRING,
    "pack": STRING,
    "description": STRING,
    "enabled": BOOLEAN,
    "action_ref": described(STRING, "The action that the alias runs."),
    "formats": _FORMATS,
    "ack": OBJECT,
    "result": OBJECT,
    "extra": OBJECT,
    "immutable_parameters": OBJECT,
    "metadata_file": STRING,
}
_SAID: Json = {
    "command": described({"type": "string", "minLength": 1}, "What was said."),
    "user": described({"type": ["string", "null"]}, "Who said it; the caller when left out."),
    "source_channel": described(STRING, "Where it was said."),
    "source_context": ANYTHING,
    "notification_channel": {"type": ["string", "null"]},
    "notification_route": {"type": ["string", "null"]},
}
_STARTED: Json = {
    "execution": ref("Execution"),
    "actionalias": ref("ActionAlias"),
    "message": described(ANYTHING, "The acknowledgement of the alias."),
    "extra": described(ANYTHING, "What the acknowledgement adds for the chat service."),
}

SCHEMAS: Json = {
    "ActionAlias": closed(_PROPERTIES),
    "ActionAliasInput": opened(
        {key: value for key, value in _PROPERTIES.items() if key not in ("id", "uid", "ref", "metadata_file")}
        | {"pack": {"type": "string", "minLength": 1}},
        ("name", "pack", "action_ref", "formats"),
    ),
    "AliasExecution": closed(_STARTED, ("execution", "actionalias")),
}

_EXAMPLE: Json = {
    "name": "remote_shell_cmd",
    "pack": "default",
    "action_ref": "core.remote",
    "formats": ["run {{ cmd }} on {{ hosts }}"],
}
_SPOKEN: Json = {"command": "run date on localhost", "user": "ada", "source_channel": "ops"}

_ALIAS = Noun("ActionAlias", "action alias", "action aliases")


PATHS: Json = {
    "/actionalias": {
        "get": _ALIAS.listing(
            [IDS, *filters(pack="Pack of the alias.", name="Name."), LIMIT, OFFSET, SORT, *SELECTION]
        ),
        "post": _ALIAS.create(_EXAMPLE),
    },
    "/actionalias/{ref_or_id}": {
        "parameters": [REF_OR_ID],
        "get": _ALIAS.read(),
        "put": _ALIAS.replace(_EXAMPLE),
        "delete": _ALIAS.delete(("404", "409")),
    },
    "/actionalias/match": {
        "post": operation(
            "matchActionAlias",
            "Find the alias that a command means",
            {
                "200": answer(
                    closed({"actionalias": ref("ActionAlias"), "display": STRING, "representation": STRING}, ()),
                    "The alias, and in which of its formats.",
                )
            },
            request=body(opened({"command": STRING}, ("command",)), example={"command": "run date on localhost"}),
        ),
    },
    "/actionalias/help": {
        "get": operation(
            "helpActionAlias",
            "List what can be said",
            {
                "200": answer(
                    closed(
                        {
                            "available": INTEGER,
                            "helpstrings": array(
                                closed({"pack": STRING, "display": STRING, "description": STRING}, ("display",))
                            ),
                        },
                        ("available", "helpstrings"),
                    ),
                    "Texts of enabled aliases; `available` counts all of them.",
                )
            },
            parameters=[
                *filters(pack="Pack of the alias."),
                query("filter", STRING, "Regular expression that the text has to contain, whatever the case."),
                LIMIT,
                OFFSET,
            ],
        ),
    },
    "/aliasexecution": {
        "post": operation(
            "executeActionAlias",
            "Run a command whose alias and format are known",
            {"201": answer(ref("AliasExecution"), "The execution.")},
            request=body(
                opened({"name": STRING, "format": STRING, **_SAID}, ("name", "format", "command", "source_channel")),
                example={"name": "remote_shell_cmd", "format": "run {{ cmd }} on {{ hosts }}", **_SPOKEN},
            ),
            errors=("404",),
            parameters=[SHOW_SECRETS],
        ),
    },
    "/aliasexecution/match_and_execute": {
        "post": operation(
            "matchAndExecuteActionAlias",
            "Run a command",
            {
                "201": answer(
                    closed({"results": array(ref("AliasExecution"))}, ("results",)), "An execution per occurrence."
                )
            },
            request=body(opened(_SAID, ("command", "source_channel")), example=_SPOKEN),
            parameters=[SHOW_SECRETS],
        ),
    },
}
