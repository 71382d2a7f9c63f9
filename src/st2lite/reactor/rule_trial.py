"""Trying a rule on a trigger instance: what the rules engine would do, and nothing done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from st2lite.executions.requests import LoadConfig
from st2lite.models.action import Action, RunnerType
from st2lite.models.criteria import WITHOUT_PATTERN
from st2lite.models.errors import InvalidInput, StoreUnavailable
from st2lite.models.rule import Rule
from st2lite.models.throttle import parse_throttle
from st2lite.models.trigger import TriggerInstance
from st2lite.reactor.criteria import Criteria
from st2lite.reactor.facts import Facts
from st2lite.rendering.crypto import KeyRing
from st2lite.rendering.parameters import merged_schema, prepare_request
from st2lite.rendering.scope import RenderScope
from st2lite.rendering.secrets import mask_parameters
from st2lite.storage.contract import Store

FindAction = Callable[[str], "tuple[Action, RunnerType] | None"]
"""Finds an action and its runner type by the action's ref."""


@dataclass(frozen=True)
class Verdict:
    """Whether a rule matches; `reason` is why not, `parameters` those of its action (secret ones masked).

    `problem` is what stands in the way of a rule that matches.
    """

    matches: bool
    reason: str | None = None
    parameters: dict[str, Any] | None = None
    problem: str | None = None


class Trial:
    """Tries rules. `user` is the system user; the store is only asked for what a rule refers to."""

    def __init__(
        self, store: Store, crypto: KeyRing | None, load_config: LoadConfig, user: str, find_action: FindAction
    ) -> None:
        self._store = store
        self._crypto = crypto
        self._load_config = load_config
        self._user = user
        self._find_action = find_action

    def judge(self, rule: Rule, instance: TriggerInstance) -> Verdict:
        """Hold an instance against a rule and render the parameters of its action; the throttle is left out."""
        reason = self._mismatch(rule, instance)
        if reason is not None:
            return Verdict(False, reason)
        try:
            parse_throttle(rule.throttle)
            return Verdict(True, parameters=self._parameters(rule, instance))
        except StoreUnavailable:
            raise
        except InvalidInput as error:
            return Verdict(True, problem=error.message)

    def _mismatch(self, rule: Rule, instance: TriggerInstance) -> str | None:
        kind, ref = rule.trigger["type"], rule.trigger.get("ref")
        if kind not in (instance.trigger, instance.trigger_type) and ref != instance.trigger:
            return f"the rule listens for {kind}, and this is {instance.trigger_type}"
        if ref is not None and instance.trigger not in (ref, kind):
            return f"the rule listens for {kind} with other parameters: {rule.trigger.get('parameters')}"
        facts = Facts.of(instance.payload, self._store, self._crypto, self._user)
        try:
            mismatch = Criteria(rule.criteria).mismatch(facts)
        except InvalidInput as error:
            return error.message
        if mismatch is None:
            return None
        if mismatch.key == "trigger" and mismatch.key not in rule.criteria:
            return "the payload is empty, which matches no criteria"
        against = "" if mismatch.operator in WITHOUT_PATTERN else f" against {mismatch.pattern!r}"
        return f"criterion {mismatch.key} ({mismatch.operator}): the value is {mismatch.value!r}{against}"

    def _parameters(self, rule: Rule, instance: TriggerInstance) -> dict[str, Any]:
        ref = rule.action["ref"]
        pack = ref.partition(".")[0]
        # Without its metadata an action takes any parameter, as one that declares none.
        action, runner = self._find_action(ref) or (
            Action(name=ref, pack=pack, runner_type=""),
            RunnerType(name="", runner_module=""),
        )
        context = {
            "trigger_instance": {"id": instance.id, "name": None},
            "rule": {"id": rule.id, "name": rule.name},
            "user": self._user,
            "pack": pack,
        }
        variables = {"trigger": instance.payload}
        if rule.throttle:
            variables["throttle"] = {"count": 1, "events": [instance.payload]}
        scope = RenderScope(
            self._store, self._crypto, self._user, context, lambda: self._load_config(pack, self._user), variables
        )
        values = prepare_request(action, runner, rule.action.get("parameters") or {}, scope)
        shown: dict[str, Any] = mask_parameters(values, merged_schema(action, runner))
        return shown
