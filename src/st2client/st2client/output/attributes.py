"""Picking attributes out of what the server sent, by dotted paths such as ``context.user``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from st2client.errors import UsageError


def as_mapping(item: Any) -> Mapping[str, Any]:
    """A resource or a dictionary as a dictionary of its public attributes."""
    if isinstance(item, Mapping):
        return item
    return {name: value for name, value in vars(item).items() if not name.startswith("_")}


def get_value(document: Any, path: str) -> Any:
    """Follow a dotted path; a list is entered by index, as ``hosts.0`` or ``hosts[0]``, or by ``*`` for all of it.

    A key that holds dots itself wins over the path. None when there is no such value.
    """
    if isinstance(document, Mapping) and path in document:
        return document[path]
    value = document
    steps = path.replace("[", ".").replace("]", "").removeprefix("$.").split(".")
    for position, step in enumerate(steps):
        if isinstance(value, Mapping):
            if step not in value:
                rest = ".".join(steps[position:])
                return value.get(rest)
            value = value[step]
        elif isinstance(value, list) and step == "*":
            rest = ".".join(steps[position + 1 :])
            return [get_value(item, rest) for item in value] if rest else value
        elif isinstance(value, list) and step.lstrip("-").isdigit():
            index = int(step)
            if not -len(value) <= index < len(value):
                return None
            value = value[index]
        else:
            return None
    return value


def select(item: Any, attributes: Sequence[str]) -> dict[str, Any]:
    """Keep only some attributes; a dotted one comes out nested. Missing and null ones are left out."""
    document = as_mapping(item)
    if wants_all(attributes):
        return {name: value for name, value in document.items() if value is not None}
    result: dict[str, Any] = {}
    for attribute in attributes:
        value = get_value(document, attribute)
        if value is None:
            continue
        parent = result
        *parents, name = attribute.split(".")
        for step in parents:
            parent = parent.setdefault(step, {})
            if not isinstance(parent, dict):
                raise UsageError(f'"{attribute}" cannot be shown beside "{step}": one holds the other')
        parent[name] = value
    return result


def wants_all(attributes: Sequence[str]) -> bool:
    """Whether a list of attributes means all of them."""
    return not attributes or "all" in attributes


def include_query(attributes: Sequence[str], extra: Iterable[str] = ()) -> str | None:
    """The ``include_attributes`` query that fetches only what is shown; None to fetch everything."""
    if wants_all(attributes):
        return None
    return ",".join(dict.fromkeys([*extra, *attributes]))
