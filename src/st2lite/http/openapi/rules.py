"""Rules, their types, and their enforcements."""

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
    SHOW_SECRETS,
    SORT,
    STRING,
    TIMESTAMP,
    Json,
    array,
    closed,
    described,
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

_RULE = Noun("Rule", "rule", "rules")
_TYPE = Noun("RuleType", "rule type", "rule types")
_ENFORCEMENT = Noun("RuleEnforcement", "rule enforcement", "rule enforcements")
_VIEW = Noun("RuleEnforcementView", "rule enforcement", "rule enforcement views")


PATHS: Json = {
    "/rules": {
        "get": _RULE.listing([SHOW_SECRETS, *_FILTERS]),
        "post": _RULE.create(_EXAMPLE, "Create a rule, and its trigger with it"),
    },
    "/rules/{ref_or_id}": {
        "parameters": [REF_OR_ID],
        "get": _RULE.read([SHOW_SECRETS, *SELECTION]),
        "put": _RULE.replace(_EXAMPLE, "Replace a rule; masked secrets stay as they are"),
        "delete": _RULE.delete(),
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
            {"200": _RULE.answer},
            errors=("404",),
            parameters=SELECTION,
        ),
    },
    "/ruletypes": {"get": _TYPE.listing([], counted=False)},
    "/ruletypes/{id}": {
        "parameters": [path("id", "Id of the type.", RULE_TYPES[0].id)],
        "get": _TYPE.read([]),
    },
    "/ruleenforcements": {
        "get": _ENFORCEMENT.listing(_ENFORCEMENTS, summary="List which rules matched, and what became of it"),
    },
    "/ruleenforcements/{id}": {"parameters": [_ENFORCEMENT_ID], "get": _ENFORCEMENT.read()},
    "/ruleenforcements/views": {
        "get": _VIEW.listing(_ENFORCEMENTS, summary="List enforcements with trigger instance and execution"),
    },
    "/ruleenforcements/views/{id}": {
        "parameters": [_ENFORCEMENT_ID],
        "get": _VIEW.read(summary="Read an enforcement with trigger instance and execution"),
    },
}
