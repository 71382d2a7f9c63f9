"""Rules, their types and their enforcements as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from st2lite.executions.views import ExecutionViews
from st2lite.models.action import Action, RunnerType, Schema
from st2lite.models.execution import Execution
from st2lite.models.heads import head
from st2lite.models.rule import Rule, RuleEnforcement, RuleType
from st2lite.models.trigger import Trigger, TriggerInstance, TriggerType
from st2lite.reactor.trigger_views import instance_view
from st2lite.rendering.parameters import merged_schema
from st2lite.rendering.secrets import mask_parameters, restore_masked
from st2lite.storage.contract import Equal, Store, find_one
from st2lite.storage.lookups import by_ids

_OF_EXECUTION = (
    *("action.ref", "action.parameters", "runner.name", "runner.runner_parameters", "parameters", "status"),
)
"""What a view of an enforcement shows of the execution."""


class RuleViews:
    """Shows rules, with the action parameters masked that the action calls secret; `mask` False shows all of them."""

    def __init__(self, store: Store, mask: bool = True) -> None:
        self._store = store
        self._mask = mask

    def rules(self, rules: Sequence[Rule], show_secrets: bool = False, described: bool = False) -> list[dict[str, Any]]:
        """Return rules as JSON-ready mappings; with `described` they say what their actions and triggers are for."""
        mask = self._mask and not show_secrets
        actions = {rule.action["ref"] for rule in rules} if mask else ()
        schemas = {ref: self._schema(ref) for ref in actions}
        return [self._rule(rule, schemas.get(rule.action["ref"], {}), described) for rule in rules]

    def rule(self, rule: Rule, show_secrets: bool = False, described: bool = False) -> dict[str, Any]:
        """Return one rule, as `rules` does."""
        return self.rules([rule], show_secrets, described)[0]

    def unmasked(self, parameters: dict[str, Any], rule: Rule) -> dict[str, Any]:
        """Return action parameters that a client has sent for a rule, with what it was shown masked put back."""
        kept = rule.action.get("parameters") or {}
        restored: dict[str, Any] = restore_masked(
            parameters, kept, mask_parameters(kept, self._schema(rule.action["ref"]))
        )
        return restored

    def _rule(self, rule: Rule, secrets: dict[str, Schema], described: bool) -> dict[str, Any]:
        action = {**rule.action, "parameters": mask_parameters(rule.action.get("parameters") or {}, secrets)}
        trigger = dict(rule.trigger)
        if described:
            known = find_one(self._store, Action, Equal("ref", rule.action["ref"]))
            action["description"] = known.description if known else ""
            trigger["description"] = self._trigger_description(trigger)
        view = rule_view(rule, action)
        view["trigger"] = trigger
        return view

    def _schema(self, ref: str) -> dict[str, Schema]:
        """Schemas of the parameters of an action; none if it is not there (yet): rules need not wait for it."""
        action = find_one(self._store, Action, Equal("ref", ref))
        if action is None:
            return {}
        runner = find_one(self._store, RunnerType, Equal("name", action.runner_type))
        return merged_schema(action, runner) if runner else action.parameters

    def _trigger_description(self, trigger: dict[str, Any]) -> str:
        known = find_one(self._store, Trigger, Equal("ref", trigger["ref"]))
        if known and known.description:
            return known.description
        definition = find_one(self._store, TriggerType, Equal("ref", trigger["type"]))
        return definition.description if definition else ""


def rule_view(rule: Rule, action: dict[str, Any]) -> dict[str, Any]:
    """A rule with its action as it may be shown: without secrets."""
    view = {
        **head(rule),
        "enabled": rule.enabled,
        "type": rule.type,
        "trigger": rule.trigger,
        "criteria": rule.criteria,
        "action": action,
        "context": rule.context,
        "tags": rule.tags,
        "metadata_file": rule.metadata_file,
    }
    if rule.throttle:
        view["throttle"] = rule.throttle
    return view


def rule_type_view(kind: RuleType) -> dict[str, Any]:
    """A type of rules as the API shows it."""
    return {
        "id": kind.id,
        "name": kind.name,
        "description": kind.description,
        "enabled": kind.enabled,
        "parameters": kind.parameters,
    }


def enforcement_view(enforcement: RuleEnforcement) -> dict[str, Any]:
    """An enforcement as the API shows it."""
    view: dict[str, Any] = {
        "id": enforcement.id,
        "trigger_instance_id": enforcement.trigger_instance_id,
        "rule": enforcement.rule,
        "enforced_at": enforcement.enforced_at,
        "status": enforcement.status,
    }
    if enforcement.execution_id:
        view["execution_id"] = enforcement.execution_id
    if enforcement.failure_reason:
        view["failure_reason"] = enforcement.failure_reason
    return view


def enforcement_views(
    store: Store, executions: ExecutionViews, enforcements: Sequence[RuleEnforcement]
) -> list[dict[str, Any]]:
    """Enforcements with the trigger instances and the executions that belong to them, `{}` where those are gone."""
    instances = by_ids(store, TriggerInstance, [row.trigger_instance_id for row in enforcements])
    started = by_ids(store, Execution, [row.execution_id for row in enforcements if row.execution_id])
    views = []
    for row in enforcements:
        instance, execution = instances.get(row.trigger_instance_id), started.get(row.execution_id or "")
        views.append(
            {
                **enforcement_view(row),
                "trigger_instance": instance_view(instance) if instance else {},
                "execution": executions.execution(execution, include=_OF_EXECUTION) if execution else {},
            }
        )
    return views
