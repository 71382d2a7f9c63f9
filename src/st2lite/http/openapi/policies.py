"""Policies and their types."""

from __future__ import annotations

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
    answer,
    body,
    closed,
    described,
    empty,
    filters,
    opened,
    operation,
    path,
    ref,
    rows,
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
_ONE = answer(ref("Policy"), "The policy.")

PATHS: Json = {
    "/policies": {
        "get": operation(
            "listPolicies",
            "List policies",
            {"200": rows(ref("Policy"), "Policies.")},
            parameters=[
                IDS,
                *filters(
                    pack="Pack.", name="Name.", resource_ref="Reference of the action.", policy_type="Policy type."
                ),
                LIMIT,
                OFFSET,
                *SELECTION,
            ],
        ),
        "post": operation(
            "createPolicy",
            "Create a policy",
            {"201": answer(ref("Policy"), "The new policy.")},
            request=body(ref("PolicyInput"), example=_EXAMPLE),
            errors=("409",),
        ),
    },
    "/policies/{ref_or_id}": {
        "parameters": [REF_OR_ID],
        "get": operation("getPolicy", "Read a policy", {"200": _ONE}, errors=("404",), parameters=SELECTION),
        "put": operation(
            "updatePolicy",
            "Replace a policy",
            {"200": _ONE},
            request=body(ref("PolicyInput"), example=_EXAMPLE),
            errors=("404", "409"),
        ),
        "delete": operation("deletePolicy", "Delete a policy", {"204": empty("Deleted.")}, errors=("404", "409")),
    },
    "/policytypes": {
        "get": operation(
            "listPolicyTypes",
            "List policy types",
            {"200": rows(ref("PolicyType"), "Policy types.")},
            parameters=[IDS, *filters(resource_type="What they are for."), LIMIT, OFFSET, *SELECTION],
        ),
    },
    "/policytypes/{ref_or_id}": {
        "parameters": [path("ref_or_id", "Reference or id of the policy type.", "action.retry")],
        "get": operation(
            "getPolicyType",
            "Read a policy type",
            {"200": answer(ref("PolicyType"), "The policy type.")},
            errors=("404",),
            parameters=SELECTION,
        ),
    },
}
