"""Rules, their types, and their enforcements."""

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
    empty,
    filters,
    moments,
    opened,
    operation,
    path,
    query,
    ref,
    rows,
)
from st2lite.models.rule import FAILED, RULE_TYPES, SUCCEEDED

_KIND = closed({"ref": {"type": "string", "enum": [kind.name for kind in RULE_TYPES]}, "parameters": OBJECT}, ("ref",))
_TRIGGER_PROPERTIES: Json = {
    "type": described(STRING, "Reference of the trigger type."),
    "parameters": OBJECT,
    "ref": described(STRING, "Reference of the trigger."),
}
_ACTION_PROPERTIES: Json = {"ref": STRING, "parameters": OBJECT}
_DESCRIPTION: Json = {"description": described(STRING, "Only in views.")}
_RULE_PROPERTIES: Json = {
    "id": IDENTIFIER,
    "uid": described(STRING, "`rule:<pack>:<name>`"),
    "ref": described(STRING, "`<pack>.<name>`"),
    "name": STRING,
    "pack": STRING,
    "description": STRING,
    "enabled": BOOLEAN,
    "type": _KIND,
    "trigger": closed({**_TRIGGER_PROPERTIES, **_DESCRIPTION}, ()),
    "criteria": {"type": "object", "additionalProperties": OBJECT},
    "action": closed({**_ACTION_PROPERTIES, **_DESCRIPTION}, ()),
    "throttle": described(OBJECT, "How often the action is run at most; see the reference of rules."),
    "context": OBJECT,
    "tags": array(OBJECT),
    "metadata_file": STRING,
}
_RULE_REF = closed({"ref": STRING, "id": STRING, "uid": STRING}, ())
_ENFORCEMENT_PROPERTIES: Json = {
    "id": IDENTIFIER,
    "trigger_instance_id": STRING,
    "execution_id": described(STRING, "The execution that was requested, if one was."),
    "failure_reason": described(STRING, "Why none was."),
    "rule": _RULE_REF,
    "enforced_at": TIMESTAMP,
    "status": {"type": "string", "enum": [SUCCEEDED, FAILED]},
}

SCHEMAS: Json = {
    "Rule": closed(_RULE_PROPERTIES),
    "RuleInput": opened(
        {
            "name": {"type": "string", "minLength": 1},
            "pack": {"type": "string", "pattern": "^[a-z0-9_]*$", "description": "`default` when empty."},
            "description": STRING,
            "enabled": described(BOOLEAN, "False when not given."),
            "type": opened(_KIND["properties"]),
            "trigger": opened({"type": STRING, "parameters": OBJECT}, ("type",)),
            "criteria": _RULE_PROPERTIES["criteria"],
            "action": opened(_ACTION_PROPERTIES, ("ref",)),
            "throttle": OBJECT,
            "context": OBJECT,
            "tags": array(opened({"name": STRING, "value": STRING})),
            "metadata_file": STRING,
        },
        ("name", "trigger", "action"),
    ),
    "RuleType": closed(
        {"id": IDENTIFIER, "name": STRING, "description": STRING, "enabled": BOOLEAN, "parameters": OBJECT}
    ),
    "RuleEnforcement": closed(_ENFORCEMENT_PROPERTIES),
    "RuleEnforcementView": closed(
        {
            **_ENFORCEMENT_PROPERTIES,
            "trigger_instance": described(OBJECT, "What the rule matched; empty if it is gone."),
            "execution": described(OBJECT, "The execution in short; empty if there is none."),
        }
    ),
}

_FILTERS = [
    IDS,
    *filters(name="Name.", pack="Pack.", action="Reference of the action.", trigger="Reference of the trigger."),
    query("enabled", BOOLEAN, "Only enabled rules, or only disabled ones."),
    LIMIT,
    *SELECTION,
]
_EXAMPLE: Json = {
    "name": "alarm",
    "pack": "default",
    "enabled": True,
    "trigger": {"type": "core.st2.webhook", "parameters": {"url": "alarm"}},
    "criteria": {"trigger.body.severity": {"type": "eq", "pattern": "high"}},
    "action": {"ref": "core.local", "parameters": {"cmd": "echo {{trigger.body.host}}"}},
}
_ONE = answer(ref("Rule"), "The rule.")
_ENFORCEMENTS = [
    IDS,
    *filters(
        execution="Id of the execution.",
        rule_ref="Reference of the rule.",
        rule_id="Id of the rule.",
        trigger_instance="Id of the trigger instance.",
    ),
    *moments(enforced_at_gt="Only later ones.", enforced_at_lt="Only earlier ones."),
    *(LIMIT, OFFSET, SORT),
    *SELECTION,
]
_ENFORCEMENT_ID = path("id", "Id of the enforcement.", "65f0aa0000000000000000f1")

PATHS: Json = {
    "/rules": {
        "get": operation(
            "listRules",
            "List rules",
            {"200": rows(ref("Rule"), "Rules.")},
            parameters=[SHOW_SECRETS, *_FILTERS],
        ),
        "post": operation(
            "createRule",
            "Create a rule, and its trigger with it",
            {"201": answer(ref("Rule"), "The new rule.")},
            request=body(ref("RuleInput"), example=_EXAMPLE),
            errors=("409",),
        ),
    },
    "/rules/{ref_or_id}": {
        "parameters": [REF_OR_ID],
        "get": operation(
            "getRule", "Read a rule", {"200": _ONE}, errors=("404",), parameters=[SHOW_SECRETS, *SELECTION]
        ),
        "put": operation(
            "updateRule",
            "Replace a rule; masked secrets stay as they are",
            {"200": _ONE},
            request=body(ref("RuleInput"), example=_EXAMPLE),
            errors=("404", "409"),
        ),
        "delete": operation("deleteRule", "Delete a rule", {"204": empty("Deleted.")}, errors=("404",)),
    },
    "/rules/views": {
        "get": operation(
            "listRuleViews",
            "List rules with the descriptions of their actions and triggers",
            {"200": rows(ref("Rule"), "Rules.")},
            parameters=_FILTERS,
        ),
    },
    "/rules/views/{ref_or_id}": {
        "parameters": [REF_OR_ID],
        "get": operation(
            "getRuleView",
            "Read a rule with the descriptions of its action and trigger",
            {"200": _ONE},
            errors=("404",),
            parameters=SELECTION,
        ),
    },
    "/ruletypes": {
        "get": operation(
            "listRuleTypes", "List the types of rules", {"200": rows(ref("RuleType"), "Types.", counted=False)}
        ),
    },
    "/ruletypes/{id}": {
        "parameters": [path("id", "Id of the type.", RULE_TYPES[0].id)],
        "get": operation(
            "getRuleType", "Read a type of rules", {"200": answer(ref("RuleType"), "The type.")}, errors=("404",)
        ),
    },
    "/ruleenforcements": {
        "get": operation(
            "listRuleEnforcements",
            "List which rules matched, and what became of it",
            {"200": rows(ref("RuleEnforcement"), "Enforcements.")},
            parameters=_ENFORCEMENTS,
        ),
    },
    "/ruleenforcements/{id}": {
        "parameters": [_ENFORCEMENT_ID],
        "get": operation(
            "getRuleEnforcement",
            "Read an enforcement",
            {"200": answer(ref("RuleEnforcement"), "The enforcement.")},
            errors=("404",),
            parameters=SELECTION,
        ),
    },
    "/ruleenforcements/views": {
        "get": operation(
            "listRuleEnforcementViews",
            "List enforcements with trigger instance and execution",
            {"200": rows(ref("RuleEnforcementView"), "Enforcements.")},
            parameters=_ENFORCEMENTS,
        ),
    },
    "/ruleenforcements/views/{id}": {
        "parameters": [_ENFORCEMENT_ID],
        "get": operation(
            "getRuleEnforcementView",
            "Read an enforcement with trigger instance and execution",
            {"200": answer(ref("RuleEnforcementView"), "The enforcement.")},
            errors=("404",),
            parameters=SELECTION,
        ),
    },
}
