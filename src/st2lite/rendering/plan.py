"""What can be known of an action's parameters before anybody runs it; worked out once per version of the metadata."""

from __future__ import annotations

import copy
import functools
from dataclasses import dataclass
from typing import Any

import msgspec

from st2lite.models.action import Action, RunnerType, Schema
from st2lite.models.errors import InvalidInput
from st2lite.models.schemas import has_secret, missing_problems, value_problems
from st2lite.rendering.casting import cast
from st2lite.rendering.environment import contains_template


@dataclass(frozen=True)
class Plan:
    """The parameters of an action, those of its runner included. Shared: never change what it holds.

    `merged` are the schemas in effect; `constants` are the defaults without templates, cast (None where there is no
    default), `containers` those names among them whose default must be copied; `templates` are the other defaults;
    `faults` says for a default why it cannot be used.
    """

    merged: dict[str, Schema]
    runner_names: tuple[str, ...]
    action_names: tuple[str, ...]
    constants: dict[str, Any]
    containers: tuple[str, ...]
    templates: dict[str, Any]
    immutable: frozenset[str]
    required: dict[str, Schema]
    secret: frozenset[str]
    faults: dict[str, list[str]]

    @functools.cached_property
    def unfit(self) -> dict[str, list[str]]:
        """Problems of constant defaults that their own schema refuses, by name."""
        found = {}
        for name, value in self.constants.items():
            problems = self.faults.get(name)
            if problems is None and value is not None:
                problems = value_problems(name, value, self.merged[name])
            if problems:
                found[name] = [f"{problem} (this is the default in the metadata)" for problem in problems]
        return found

    def fresh_constants(self) -> dict[str, Any]:
        """The constant defaults, for the caller to keep."""
        values = self.constants.copy()
        for name in self.containers:
            values[name] = copy.deepcopy(values[name])
        return values


def plan_for(action: Action, runner: RunnerType) -> Plan:
    """The plan for this version of an action and its runner type."""
    return _plan(msgspec.json.encode((action.parameters, runner.runner_parameters)))


def merge(action: dict[str, Schema], runner: dict[str, Schema]) -> dict[str, Schema]:
    """Schemas in effect: attributes of the action win, and what is immutable for one of them is so for both."""
    merged = {name: dict(schema) for name, schema in runner.items()}
    for name, schema in action.items():
        inherited = merged.get(name, {})
        merged[name] = {**inherited, **schema}
        if inherited.get("immutable"):
            merged[name]["immutable"] = True
    return merged


@functools.lru_cache(maxsize=512)
def _plan(encoded: bytes) -> Plan:
    action, runner = msgspec.json.decode(encoded)
    merged = merge(action, runner)
    constants: dict[str, Any] = {}
    templates: dict[str, Any] = {}
    faults: dict[str, list[str]] = {}
    for name, schema in merged.items():
        default = schema.get("default")
        if default is None:  # a runner's default stands unless the action has one of its own
            default = runner.get(name, {}).get("default")
        if contains_template(default):
            templates[name] = default
            continue
        constants[name] = default
        try:
            constants[name] = cast(name, default, schema.get("type"))
        except InvalidInput as error:
            faults[name] = [error.message]
    return Plan(
        merged=merged,
        runner_names=tuple(runner),
        action_names=tuple(name for name in action if name not in runner),
        constants=constants,
        containers=tuple(name for name, value in constants.items() if isinstance(value, (dict, list))),
        templates=templates,
        immutable=frozenset(name for name, schema in merged.items() if schema.get("immutable")),
        required={
            name: schema
            for name, schema in merged.items()
            if name not in templates and constants.get(name) is None and missing_problems({}, {name: schema})
        },
        secret=frozenset(name for name, schema in merged.items() if has_secret(schema)),
        faults=faults,
    )
