"""Triggers as rules need them: made with the first rule that names them, removed with the last."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import msgspec

from st2lite.models.errors import Conflict, InvalidInput, StaleWrite
from st2lite.models.ids import time_of
from st2lite.models.pack import CORE_PACK
from st2lite.models.rule import Rule
from st2lite.models.schemas import document_problems
from st2lite.models.trigger import TIMER_TYPES, Trigger, TriggerType
from st2lite.storage.contract import Equal, Store, find_one
from st2lite.storage.lookups import find_now


class Triggers:
    """Finds, makes and removes triggers. Safe when several processes do it at once.

    `check_timer(type_ref, parameters)` raises `InvalidInput` for a timer that could not run.
    """

    def __init__(
        self, store: Store, validate: bool = True, check_timer: Callable[[str, Mapping[str, Any]], None] | None = None
    ) -> None:
        self._store = store
        self._validate = validate
        self._check_timer = check_timer

    def for_rule(self, type_ref: str, parameters: Mapping[str, Any]) -> Trigger:
        """Return the trigger of a type with these parameters, stored; raise `InvalidInput` for an unknown type.

        Without parameters that is the shadow trigger, which has the name of its type. Others have a name that is
        derived from the parameters, so that rules with equal ones share a trigger.
        """
        trigger = make_trigger(self._definition(type_ref, parameters), parameters)
        trigger.for_rules = not trigger.is_shadow
        return self.keep(trigger)

    def for_anybody(self, type_ref: str, parameters: Mapping[str, Any]) -> Trigger:
        """Return the trigger that `for_rule` does, to be kept although no rule may name it yet."""
        trigger = self.keep(make_trigger(self._definition(type_ref, parameters), parameters))
        if trigger.for_rules:
            trigger.for_rules = False
            with suppress(StaleWrite):  # by somebody who has just changed it in the same way, or removed it
                self._store.replace(trigger)
        return trigger

    def check(self, type_ref: str, parameters: Mapping[str, Any]) -> None:
        """Raise `InvalidInput` for an unknown type, and for parameters that the type does not allow."""
        self._definition(type_ref, parameters)

    def keep(self, trigger: Trigger) -> Trigger:
        """Store a trigger unless there is one with its ref; return the stored one."""
        # As it is now: what this process remembers may have been removed with somebody's last rule a moment ago.
        stored = find_now(self._store, Trigger, "ref", trigger.ref)
        if stored is not None:
            return stored
        try:
            self._store.insert(trigger)
        except Conflict:
            found = find_now(self._store, Trigger, "ref", trigger.ref)
            if found is None:
                raise
            return found
        return trigger

    def release(self, ref: str) -> None:
        """Remove a trigger that no rule names any more; a shadow trigger lives as long as its type."""
        trigger = find_now(self._store, Trigger, "ref", ref)
        if trigger is None or trigger.is_shadow or self._is_used(ref):
            return
        self._store.delete(Trigger, trigger.id)
        if self._is_used(ref):  # by a rule that was stored meanwhile, and had found the trigger in its place
            trigger.rev = 0
            self.keep(trigger)

    def remove_unused(self, before: float) -> int:
        """Remove triggers that came with a rule and have none, made before a time (epoch seconds); return how many.

        A process that dies between a trigger and its rule leaves one behind; a timer would fire for nobody.
        """
        named = set(self._store.distinct(Rule, "trigger"))
        unused = [
            trigger
            for trigger in self._store.find(Trigger)
            if trigger.for_rules and trigger.ref not in named and time_of(trigger.id) < before
        ]
        for trigger in unused:
            self.release(trigger.ref)
        return len(unused)

    def _definition(self, type_ref: str, parameters: Mapping[str, Any]) -> TriggerType:
        definition = find_one(self._store, TriggerType, Equal("ref", type_ref))
        if definition is None:
            raise InvalidInput(
                f'Trigger "{type_ref}" defined in the rule does not exist in system or it\'s missing required '
                '"parameters" attribute. Register its pack, or correct trigger.type.'
            )
        if definition.parameters_schema and (self._validate or definition.pack == CORE_PACK):
            problems = document_problems(dict(parameters), definition.parameters_schema, "trigger.parameters")
            if problems:
                raise InvalidInput("; ".join(problems))
        if type_ref in TIMER_TYPES and self._check_timer is not None:
            self._check_timer(type_ref, parameters)
        return definition

    def _is_used(self, ref: str) -> bool:
        return self._store.count(Rule, (Equal("trigger", ref),)) > 0


def make_trigger(definition: TriggerType, parameters: Mapping[str, Any]) -> Trigger:
    """The trigger of a type with parameters, not stored."""
    return Trigger(
        name=trigger_name(definition, parameters),
        pack=definition.pack,
        type=definition.ref,
        parameters=dict(parameters),
        description=definition.description if not parameters else "",
    )


def trigger_name(definition: TriggerType, parameters: Mapping[str, Any]) -> str:
    """Name of the trigger of a type with parameters: a UUID made of both; without parameters, the type's own name."""
    if not parameters:
        return definition.name
    encoded = msgspec.json.encode([definition.ref, parameters], order="sorted")
    return str(uuid.UUID(bytes=hashlib.md5(encoded, usedforsecurity=False).digest()))
