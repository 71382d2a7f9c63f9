"""Mask secret values before anybody sees them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Union

from st2lite.models.action import Action, RunnerType
from st2lite.models.inquiry import INQUIRER
from st2lite.models.patterns import compile_pattern

MASK = "********"

_WHOLE = True
"""Plan for a value that is masked as it is, whatever it holds."""


class _Parts:
    """Plan for a container with secrets within: plans by key, by pattern of keys, for other keys and for items."""

    __slots__ = ("items", "keys", "others", "patterns", "tuples")

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.keys = {key: _plan(sub) for key, sub in _schemas(schema, "properties")}
        self.patterns = [
            (compile_pattern(k), plan) for k, sub in _schemas(schema, "patternProperties") if (plan := _plan(sub))
        ]
        self.others = _plan(schema.get("additionalProperties"))
        items = schema.get("items")
        self.items = None if isinstance(items, list) else _plan(items)
        self.tuples = [_plan(item) for item in items] if isinstance(items, list) else []

    def __bool__(self) -> bool:
        return bool(any(self.keys.values()) or self.patterns or self.others or self.items or any(self.tuples))


_Plan = Union[bool, _Parts, None]

_cache: dict[int, tuple[Mapping[str, Any], _Parts]] = {}
_CACHED = 1024


def has_secrets(schemas: Mapping[str, Any]) -> bool:
    """Tell whether a map of names to schemas marks anything as secret."""
    return bool(_parts_of(schemas))


def mask_parameters(values: Any, schemas: Mapping[str, Any] | None) -> Any:
    """Return a map of values with the secret ones masked; `schemas` maps names to schemas, None masks every value.

    A secret container is masked as a whole. The argument is never changed, and returned as it is if it holds no secret.
    `schemas` must not be changed after its first use here.
    """
    if not isinstance(values, dict):
        return values if schemas is not None or values is None else MASK
    if schemas is None:
        return dict.fromkeys(values, MASK)
    parts = _parts_of(schemas)
    return _mask(values, parts) if parts else values


def restore_masked(given: Any, kept: Any, shown: Any) -> Any:
    """Return `given` with its masks replaced by what they hide.

    `kept` is the value that its sender was shown as `shown`. A mask where nothing was hidden is a value like any other.
    """
    if given == MASK and shown == MASK:
        return kept
    if isinstance(given, dict) and isinstance(kept, dict) and isinstance(shown, dict):
        return {key: restore_masked(item, kept.get(key), shown.get(key)) for key, item in given.items()}
    if isinstance(given, list) and isinstance(kept, list) and isinstance(shown, list) and len(given) == len(kept):
        return [restore_masked(*items) for items in zip(given, kept, shown, strict=True)]
    return given


def mask_result(result: Any, action: Action, runner: RunnerType) -> Any:
    """Return the result of an execution with what the action's output schema calls secret masked.

    The schema describes `result[output_key]`; in its old form it is a plain map of property names to schemas. Of an
    inquiry, the answer is masked by the schema that the inquiry asked for.
    """
    if not isinstance(result, dict):
        return result
    if runner.name == INQUIRER:
        return _mask_part(result, "response", result.get("schema"))
    schema = action.output_schema
    return _mask_part(result, runner.output_key, schema if _is_schema(schema) else {"properties": schema})


def _mask_part(result: dict[str, Any], key: str, schema: Any) -> dict[str, Any]:
    plan = _plan(schema) if key in result else None
    return {**result, key: _mask(result[key], plan)} if plan else result


def _is_schema(schema: Mapping[str, Any]) -> bool:
    """Tell a schema from a map of properties, one of which may well be called "type"."""
    return not all(isinstance(value, dict) for value in schema.values()) or "properties" in schema


def _parts_of(schemas: Mapping[str, Any]) -> _Parts:
    """Plan of a map of schemas; remembered by identity, since the same map serves thousands of executions."""
    known = _cache.get(id(schemas))
    if known is not None and known[0] is schemas:
        return known[1]
    parts = _Parts({"properties": schemas})
    if len(_cache) >= _CACHED:
        _cache.clear()
    _cache[id(schemas)] = (schemas, parts)
    return parts


def _schemas(schema: Mapping[str, Any], keyword: str) -> Any:
    found = schema.get(keyword)
    return found.items() if isinstance(found, dict) else ()


def _plan(schema: Any) -> _Plan:
    if not isinstance(schema, dict):
        return None
    return _WHOLE if schema.get("secret") is True else _Parts(schema) or None


def _mask(value: Any, plan: _Plan) -> Any:
    if plan is True:
        return MASK
    if not plan:
        return value
    assert isinstance(plan, _Parts)  # noqa: S101
    if isinstance(value, dict):
        return {key: _mask(item, _plan_of_key(str(key), plan)) for key, item in value.items()}
    if isinstance(value, list):
        plans = plan.tuples + [plan.items] * (len(value) - len(plan.tuples))
        return [_mask(item, item_plan) for item, item_plan in zip(value, plans, strict=False)]
    return value


def _plan_of_key(key: str, plan: _Parts) -> _Plan:
    if key in plan.keys:
        return plan.keys[key]
    for pattern, found in plan.patterns:
        if pattern.search(key):
            return found
    return plan.others
