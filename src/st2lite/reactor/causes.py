"""Why an execution of a rule was requested: rule, trigger, trigger type and instance as they were at that moment."""

from __future__ import annotations

from typing import Any

import msgspec

from st2lite.executions.requests import Cause
from st2lite.models.rule import Rule
from st2lite.models.trigger import Trigger, TriggerInstance, TriggerType
from st2lite.reactor.rule_views import rule_view
from st2lite.reactor.trigger_views import instance_view, trigger_type_view, trigger_view
from st2lite.storage.contract import Equal, Store, find_one

LARGEST_PAYLOAD = 256 * 1024
"""Bytes of JSON; a larger payload stays in the trigger instance alone, an execution only names that."""

_SCHEMAS = ("payload_schema", "parameters_schema")


def cause_of(store: Store, rule: Rule, instance: TriggerInstance) -> Cause:
    """What made a rule act. Trigger and type are left out when they are gone."""
    trigger = find_one(store, Trigger, Equal("ref", instance.trigger))
    definition = find_one(store, TriggerType, Equal("ref", instance.trigger_type))
    return Cause(
        # Without the parameters of its action: rendered, and masked, they are those of the execution.
        rule=rule_view(rule, {"ref": rule.action["ref"]}),
        trigger=trigger_view(trigger) if trigger else None,
        trigger_type=_without_schemas(trigger_type_view(definition)) if definition else None,
        trigger_instance=_instance(instance),
    )


def _without_schemas(view: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in view.items() if name not in _SCHEMAS}


def _instance(instance: TriggerInstance) -> dict[str, Any]:
    view = instance_view(instance)
    if len(msgspec.json.encode(instance.payload)) > LARGEST_PAYLOAD:
        view["payload"] = {}
    return view
