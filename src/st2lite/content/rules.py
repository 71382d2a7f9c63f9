"""Rules, from a file or from the API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from st2lite.content.metadata import Shape, is_ref
from st2lite.content.triggers import Triggers
from st2lite.models.criteria import criteria_problems
from st2lite.models.errors import ContentError
from st2lite.models.rule import RULE_TYPES, STANDARD, Rule
from st2lite.models.throttle import throttle_problems

_SHAPE = Shape(
    "a rule",
    maps=("type", "trigger", "criteria", "action", "throttle", "context"),
    others=("enabled", "tags"),
    required=("name", "trigger", "action"),
)


def make_rule(content: Mapping[str, Any], pack: str) -> Rule:
    """The rule that metadata describes, not stored and without a trigger: see `listen`.

    `pack` is the one it has to belong to. Raise `ContentError` that lists all that is wrong with it.
    """
    problems = list(_SHAPE.problems(content, pack))
    if not problems:
        problems = [
            *_reference_problems(content),
            *_type_problems(content.get("type") or {}),
            *criteria_problems(content.get("criteria") or {}),
            *throttle_problems(content.get("throttle") or {}),
        ]
    if problems:
        raise ContentError("; ".join(problems))
    trigger, action, kind = content["trigger"], content["action"], content.get("type") or {}
    return Rule(
        name=content["name"],
        pack=pack,
        description=content.get("description") or "",
        enabled=content.get("enabled", False),
        type={"ref": kind.get("ref") or STANDARD, "parameters": kind.get("parameters") or {}},
        trigger={"type": trigger["type"], "parameters": trigger.get("parameters") or {}},
        criteria=content.get("criteria") or {},
        action={"ref": action["ref"], "parameters": action.get("parameters") or {}},
        throttle=content.get("throttle") or {},
        context=content.get("context") or {},
        tags=content.get("tags") or [],
        metadata_file=content.get("metadata_file") or "",
    )


def listen(rule: Rule, triggers: Triggers) -> None:
    """Let a rule listen for the trigger that its metadata describe, which is made if there is none.

    Raise `InvalidInput` for a trigger type that is not known, and for parameters that it does not allow.
    Do this before the rule is stored; once it is, release the trigger that it listened for before.
    """
    trigger = triggers.for_rule(rule.trigger["type"], rule.trigger["parameters"])
    rule.trigger = {"type": trigger.type, "parameters": rule.trigger["parameters"], "ref": trigger.ref}


def _reference_problems(content: Mapping[str, Any]) -> Iterator[str]:
    for key, attribute, example in (
        ("trigger", "type", "core.st2.webhook"),
        ("action", "ref", "core.local"),
    ):
        block = content[key]
        ref = block.get(attribute)
        if not ref:
            yield f"{key}.{attribute} has to be given, for example {example}"
        elif not is_ref(ref):
            yield f'{key}.{attribute} "{ref}" has to be a reference such as {example}'
        if not isinstance(block.get("parameters") or {}, dict):
            yield f"{key}.parameters has to be a map"


def _type_problems(kind: Mapping[str, Any]) -> Iterator[str]:
    known = [rule_type.name for rule_type in RULE_TYPES]
    if kind.get("ref", STANDARD) not in known:
        yield f'type.ref "{kind["ref"]}" is no type of rules; there are {", ".join(known)}'
    if not isinstance(kind.get("parameters") or {}, dict):
        yield "type.parameters has to be a map"
