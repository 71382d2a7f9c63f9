"""Trigger types, triggers, and what happened; webhooks and timers."""

from __future__ import annotations

from st2lite.http.openapi.noun import Noun
from st2lite.http.openapi.parts import (
    ANYTHING,
    IDENTIFIER,
    IDS,
    LIMIT,
    OBJECT,
    OFFSET,
    REF_OR_ID,
    SELECTION,
    SORT,
    STRING,
    TIMESTAMP,
    Json,
    answer,
    array,
    body,
    closed,
    described,
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
from st2lite.models.trigger import INSTANCE_STATUSES, TIMER_TYPES

_TYPE_PROPERTIES: Json = {
    "id": IDENTIFIER,
    "uid": described(STRING, "`trigger_type:<pack>:<name>`"),
    "ref": described(STRING, "`<pack>.<name>`"),
    "name": STRING,
    "pack": STRING,
    "description": STRING,
    "payload_schema": described(OBJECT, "JSON schema of what instances carry."),
    "parameters_schema": described(OBJECT, "JSON schema of the parameters of triggers."),
    "tags": array(OBJECT),
    "metadata_file": STRING,
}
_STATUS: Json = {"type": "string", "enum": list(INSTANCE_STATUSES)}

SCHEMAS: Json = {
    "TriggerType": closed(_TYPE_PROPERTIES),
    "TriggerTypeInput": opened(
        {
            "name": {"type": "string", "minLength": 1},
            "pack": {"type": "string", "pattern": "^[a-z0-9_]*$", "description": "`default` when empty."},
            "description": STRING,
            "payload_schema": OBJECT,
            "parameters_schema": OBJECT,
            "tags": array(opened({"name": STRING, "value": STRING})),
            "metadata_file": STRING,
        },
        ("name",),
    ),
    "Trigger": closed(
        {
            "id": IDENTIFIER,
            "uid": described(STRING, "`trigger:<pack>:<name>:<MD5 of the parameters>`"),
            "ref": described(STRING, "`<pack>.<name>`"),
            "name": described(STRING, "That of the type, or a UUID made of type and parameters."),
            "pack": STRING,
            "type": described(STRING, "Reference of the trigger type."),
            "parameters": OBJECT,
            "description": STRING,
        },
    ),
    "TriggerInput": opened(
        {
            "type": STRING,
            "pack": {"type": ["string", "null"]},
            "name": {"type": ["string", "null"], "description": "Of a trigger without parameters."},
            "parameters": {"type": ["object", "null"]},
            "description": {"type": ["string", "null"]},
        },
        ("type",),
    ),
    "TriggerInstance": closed(
        {
            "id": IDENTIFIER,
            "occurrence_time": TIMESTAMP,
            "payload": ANYTHING,
            "trigger": described(STRING, "Reference of the trigger."),
            "status": _STATUS,
        },
    ),
    "Repetition": closed({"message": STRING, "payload": ANYTHING}, ("message", "payload")),
}

_EXAMPLE: Json = {
    "name": "disk.full",
    "pack": "default",
    "description": "A disk is nearly full.",
    "payload_schema": {"type": "object", "properties": {"host": {"type": "string"}}},
}
_TRIGGER_ID = path("id", "Id of the trigger.", "65f0aa0000000000000000f1")
_INSTANCE_ID = path("id", "Id of the trigger instance.", "65f0aa0000000000000000f1")
_PAYLOAD: Json = {"oneOf": [OBJECT, {"type": "array", "items": ANYTHING}]}

_TYPE = Noun("TriggerType", "trigger type", "trigger types")
_TRIGGER = Noun("Trigger", "trigger", "triggers")
_INSTANCE = Noun("TriggerInstance", "trigger instance", "trigger instances")


PATHS: Json = {
    "/triggertypes": {
        "get": _TYPE.listing([IDS, *filters(pack="Pack of the type.", name="Name."), LIMIT, OFFSET, SORT, *SELECTION]),
        "post": _TYPE.create(_EXAMPLE),
    },
    "/triggertypes/{ref_or_id}": {
        "parameters": [REF_OR_ID],
        "get": _TYPE.read(),
        "put": _TYPE.replace(_EXAMPLE),
        "delete": _TYPE.delete(),
    },
    "/triggers": {
        "get": _TRIGGER.listing(
            [query("type", STRING, "Reference of the trigger type.")],
            counted=False,
            summary="List all triggers: trigger types with the parameters that rules ask for",
        ),
        "post": operation(
            "createTrigger",
            "Create a trigger; one that is there already is returned",
            {"201": _TRIGGER.answer},
            request=body(ref("TriggerInput"), example={"type": "core.st2.webhook", "parameters": {"url": "alarm"}}),
            errors=("409",),
        ),
    },
    "/triggers/{id}": {
        "parameters": [_TRIGGER_ID],
        "get": _TRIGGER.read([]),
        "put": _TRIGGER.replace(summary="Change type, parameters and description of a trigger"),
        "delete": _TRIGGER.delete(),
    },
    "/triggerinstances": {
        "get": _INSTANCE.listing(
            [
                IDS,
                *filters(trigger="Reference of the trigger.", trigger_type="Reference of its type.", status="Status."),
                *moments(timestamp_gt="Only later ones.", timestamp_lt="Only earlier ones."),
                *(LIMIT, OFFSET, SORT),
                *SELECTION,
            ],
            summary="List what happened",
        ),
    },
    "/triggerinstances/{id}": {"parameters": [_INSTANCE_ID], "get": _INSTANCE.read()},
    "/triggerinstances/{id}/re_emit": {
        "parameters": [_INSTANCE_ID],
        "post": operation(
            "repeatTriggerInstance",
            "Let it happen once more, with `__context.original_id` in the payload",
            {"200": answer(ref("Repetition"), "The payload of the new trigger instance.")},
            errors=("404",),
        ),
    },
    "/webhooks": {
        "get": operation(
            "listWebhooks",
            "List the webhooks that rules listen for",
            {"200": rows(ref("Trigger"), "Triggers.", counted=False)},
        ),
    },
    "/webhooks/{hook}": {
        "parameters": [path("hook", "The `url` that a rule names; may hold slashes. `st2`: see there.", "alarm")],
        "get": operation("getWebhook", "Read a webhook", {"200": _TRIGGER.answer}, errors=("404",)),
        "post": operation(
            "callWebhook",
            "Tell that something happened; it is stored durably when this is answered",
            {"202": answer(_PAYLOAD, "The body, as it was understood.")},
            parameters=[header("St2-Trace-Tag", STRING, "Tag of the trace that this begins.")],
            request={
                "required": True,
                "content": {
                    "application/json": {"schema": _PAYLOAD, "example": {"host": "web1"}},
                    "application/x-www-form-urlencoded": {"schema": OBJECT},
                },
            },
            errors=("404",),
        ),
    },
    "/webhooks/st2": {
        "post": operation(
            "callGenericWebhook",
            "Emit a trigger of any type",
            {"202": answer(_PAYLOAD, "The body, as it was understood.")},
            parameters=[header("St2-Trace-Tag", STRING, "Tag of the trace that this begins.")],
            request=body(
                opened({"trigger": STRING, "payload": {"type": ["object", "null"]}}, ("trigger",)),
                example={"trigger": "default.disk.full", "payload": {"host": "web1"}},
            ),
        ),
    },
    "/timers": {
        "get": operation(
            "listTimers",
            "List the timers that rules listen for",
            {"200": rows(ref("Trigger"), "Triggers.", counted=False)},
            parameters=[query("timer_type", {"type": "string", "enum": list(TIMER_TYPES)}, "Only this type.")],
        ),
    },
    "/timers/{ref_or_id}": {
        "parameters": [REF_OR_ID],
        "get": operation("getTimer", "Read a timer", {"200": _TRIGGER.answer}, errors=("404",)),
    },
}
