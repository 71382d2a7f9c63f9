"""Parameters of an execution: rendered, cast and validated at request time, completed at run time.

At request time supplied values may be templates; the rendered result is stored. At run time stored values are literal,
and only defaults are rendered. An action without any template never touches Jinja.
"""

from __future__ import annotations

import itertools
from typing import Any

from st2lite.models.action import Action, RunnerType, Schema
from st2lite.models.errors import InvalidInput
from st2lite.models.schemas import document_problems, missing_problems, value_problems
from st2lite.rendering.casting import cast
from st2lite.rendering.environment import contains_template
from st2lite.rendering.graph import Graph
from st2lite.rendering.plan import Plan, plan_for
from st2lite.rendering.scope import RenderScope


def merged_schema(action: Action, runner: RunnerType) -> dict[str, Schema]:
    """Schemas of all parameters of an action, those of its runner included. Shared: do not change them."""
    return plan_for(action, runner).merged


def prepare_request(action: Action, runner: RunnerType, supplied: dict[str, Any], scope: RenderScope) -> dict[str, Any]:
    """Render, cast and validate the parameters of a request and return those to store.

    Defaults that are templates are rendered and stored too, unless they are immutable or could hold a secret: those
    are left to run time. Raise `InvalidInput` (`RenderError` if a template fails) that lists all that is wrong.
    """
    if not isinstance(supplied, dict):
        raise InvalidInput("parameters has to be a map of parameter names to values.")
    plan = plan_for(action, runner)
    try:
        values = _render_supplied(plan, supplied, scope)
        _validate(plan, action, values)
    except RecursionError:
        raise InvalidInput("parameters are nested too deeply; flatten them.") from None
    overridden = sorted(plan.immutable & supplied.keys())
    if overridden:
        raise InvalidInput(
            f"Override of immutable parameter(s) {overridden} is unsupported; leave them out, "
            f'action "{action.ref}" sets them itself.'
        )
    return {name: value for name, value in values.items() if name in supplied or _may_be_stored(plan, name)}


def prepare_run(
    action: Action, runner: RunnerType, stored: dict[str, Any], scope: RenderScope
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Complete the stored parameters with defaults and split them in those of the runner and those of the action.

    Every declared parameter is present, None if it has neither value nor default. Raise `InvalidInput`, or
    `RenderError` if a template fails.
    """
    plan = plan_for(action, runner)
    values = plan.fresh_constants()
    for name, value in stored.items():
        if value is not None and name in plan.merged and name not in plan.immutable:
            values[name] = cast(name, value, plan.merged[name].get("type"))
    templates = {name: default for name, default in plan.templates.items() if values.get(name) is None}
    if templates:
        for name in templates:
            values.pop(name, None)
        graph = Graph(templates, values, plan.merged, scope)
        values |= {name: graph.value(name) for name in templates}
    if plan.faults:
        _check_faults(plan, stored)
    return {name: values[name] for name in plan.runner_names}, {name: values[name] for name in plan.action_names}


def check_against_schema(value: Any, schema: Schema, name: str) -> None:
    """Raise `InvalidInput` that lists all that is wrong with a value, such as the answer to an inquiry."""
    problems = document_problems(value, schema, name)
    if problems:
        raise InvalidInput(". ".join(problems) + ".")


def _render_supplied(plan: Plan, supplied: dict[str, Any], scope: RenderScope) -> dict[str, Any]:
    """Supplied values rendered and cast, and with them the defaults that are templates and may change per request."""
    defaults = {
        name: template
        for name, template in plan.templates.items()
        if name not in plan.immutable and supplied.get(name) is None
    }
    if not defaults and not any(map(contains_template, supplied.values())):
        merged = plan.merged
        return {
            name: cast(name, value, merged[name].get("type") if name in merged else None)
            for name, value in supplied.items()
        }
    given = {name: value for name, value in supplied.items() if contains_template(value)}
    # Immutable templates belong to the graph, since others may refer to them, but are rendered only then.
    fixed = {name: template for name, template in plan.templates.items() if name in plan.immutable}
    templates = {**given, **defaults, **fixed}
    constants = {**plan.constants, **{name: value for name, value in supplied.items() if value is not None}}
    for name in templates:
        constants.pop(name, None)
    for name in supplied.keys() & constants.keys():
        constants[name] = cast(name, constants[name], plan.merged.get(name, {}).get("type"))
    graph = Graph(templates, constants, plan.merged, scope)
    return {
        name: None if supplied.get(name, "") is None and name not in defaults else graph.value(name)
        for name in itertools.chain(supplied, (name for name in defaults if name not in supplied))
    }


def _may_be_stored(plan: Plan, name: str) -> bool:
    return name not in plan.secret and "decrypt_kv" not in str(plan.templates.get(name))


def _validate(plan: Plan, action: Action, values: dict[str, Any]) -> None:
    problems = []
    if plan.merged:  # an action that declares no parameter at all takes any
        unknown = [name for name in values if name not in plan.merged]
        if unknown:
            names = ", ".join(map(repr, unknown))
            problems.append(
                f"Additional properties are not allowed ({names} {'was' if len(unknown) == 1 else 'were'} unexpected): "
                f'action "{action.ref}" takes {", ".join(sorted(plan.merged.keys() - plan.immutable)) or "nothing"}'
            )
    if plan.required:
        problems += missing_problems(values, plan.required)
    for name, value in values.items():
        if name in plan.merged and (value is not None or plan.constants.get(name) is None):
            problems += value_problems(name, value, plan.merged[name])
    if plan.unfit:
        for name, texts in plan.unfit.items():
            if values.get(name) is None:
                problems += texts
    if problems:
        raise InvalidInput(". ".join(problems) + ".")


def _check_faults(plan: Plan, stored: dict[str, Any]) -> None:
    for name, texts in plan.faults.items():
        if stored.get(name) is None or name in plan.immutable:
            raise InvalidInput("; ".join(texts))
