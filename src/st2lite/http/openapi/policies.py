"""Policies and their types."""

from __future__ import annotations

from st2lite.http.openapi.noun import Noun
from st2lite.http.openapi.parts import (
    BOOLEAN,
    IDENTIFIER,
    IDS,
    LIMIT,
    OBJECT,
    OFFSET,
    REF_OR_ID,
    SELECTION,
    STRING,
    Json,
    closed,
    described,
    filters,
    opened,
    path,
)
from st2lite.models.policy import POLICY_TYPES

_TYPE = {"type": "string", "enum": [kind.ref for kind in POLICY_TYPES]}
_PROPERTIES: Json = {
    "id": IDENTIFIER,
    "uid": described(STRING, "`policy:<pack>:<name>`"),
    "ref": described(STRING, "`<pack>.<name>`"),
    "name": STRING,
    "pack": STRING,
    "description": STRING,
    "enabled": BOOLEAN,
    "resource_ref": described(STRING, "Reference of the action that the policy is about."),
    "policy_type": _TYPE,
    "parameters": described(OBJECT, "As the policy type declares them; defaults are filled in."),
    "metadata_file": STRING,
}

SCHEMAS: Json = {
    "Policy": closed(_PROPERTIES),
    "PolicyInput": opened(
        {
            "name": {"type": "string", "minLength": 1},
            "pack": described(STRING, "`default` when not given."),
            "description": STRING,
            "enabled": described(BOOLEAN, "True when not given."),
            "resource_ref": {"type": "string", "pattern": r"^[^.\s/]+\.\S"},
            "policy_type": _TYPE,
            "parameters": OBJECT,
        },
        ("name", "resource_ref", "policy_type"),
    ),
    "PolicyType": closed(
        {
            "id": IDENTIFIER,
            "uid": described(STRING, "`policy_type:<resource type>:<name>`"),
            "ref": described(STRING, "`<resource type>.<name>`"),
            "name": STRING,
            "resource_type": STRING,
            "description": STRING,
            "enabled": BOOLEAN,
            "module": STRING,
            "parameters": {"type": "object", "additionalProperties": OBJECT},
        }
    ),
}

_EXAMPLE: Json = {
    "name": "few_at_a_time",
    "pack": "default",
    "resource_ref": "core.local",
    "policy_type": "action.retry",
    "parameters": {"retry_on": "failure", "max_retry_count": 3, "delay": 10},
}

_POLICY = Noun("Policy", "policy", "policies")
_KIND = Noun("PolicyType", "policy type", "policy types")


PATHS: Json = {
    "/policies": {
        "get": _POLICY.listing(
            [
                IDS,
                *filters(
                    pack="Pack.", name="Name.", resource_ref="Reference of the action.", policy_type="Policy type."
                ),
                LIMIT,
                OFFSET,
                *SELECTION,
            ]
        ),
        "post": _POLICY.create(_EXAMPLE),
    },
    "/policies/{ref_or_id}": {
        "parameters": [REF_OR_ID],
        "get": _POLICY.read(),
        "put": _POLICY.replace(_EXAMPLE),
        "delete": _POLICY.delete(("404", "409")),
    },
    "/policytypes": {
        "get": _KIND.listing([IDS, *filters(resource_type="What they are for."), LIMIT, OFFSET, *SELECTION]),
    },
    "/policytypes/{ref_or_id}": {
        "parameters": [path("ref_or_id", "Reference or id of the policy type.", "action.retry")],
        "get": _KIND.read(),
    },
}
