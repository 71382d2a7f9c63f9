"""The operators of rule criteria: their names, what each of them needs, and what is wrong with criteria.

What an operator does is in `reactor.operators`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

SEARCH = "search"
CONDITIONS = ("all", "any", "all2any", "any2any")
"""How `search` combines its items (first word) with the criteria for each of them (second word; `all` if missing)."""

_LONG_NAMES = {
    "eq": "equals",
    "neq": "nequals",
    "ieq": "iequals",
    "contains": None,
    "icontains": None,
    "ncontains": None,
    "incontains": None,
    "startswith": None,
    "istartswith": None,
    "endswith": None,
    "iendswith": None,
    "lt": "lessthan",
    "gt": "greaterthan",
    "td_lt": "timediff_lt",
    "td_gt": "timediff_gt",
    "exists": None,
    "nexists": None,
    "in": "inside",
    "nin": "ninside",
    "matchwildcard": None,
    "regex": None,
    "iregex": None,
    "matchregex": None,
    SEARCH: None,
}

OPERATORS: dict[str, str] = {
    name: short for short, long in _LONG_NAMES.items() for name in (short, long) if name is not None
}
"""Every name that a criterion may have as its type, and the operator's short name."""

WITHOUT_PATTERN = frozenset({"exists", "nexists"})
"""Operators that look at the value alone."""


_EXPRESSIONS = frozenset({"regex", "iregex", "matchregex"})


def criteria_problems(criteria: Any) -> list[str]:
    """Say what is wrong with the criteria of a rule, a text per problem; an empty list if nothing is."""
    if not isinstance(criteria, dict):
        return ["criteria: must be a map of keys like trigger.body.name to {type, pattern}."]
    return [problem for key, criterion in criteria.items() for problem in _problems(str(key), criterion)]


def _problems(key: str, criterion: Any) -> Iterator[str]:
    field = f"For field: {key}, "
    if not isinstance(criterion, dict):
        yield f"{field}a map of type and pattern is needed."
        return
    name = criterion.get("type")
    if name is None:
        yield f"{field}type not specified; it is the name of an operator, such as equals."
        return
    if not isinstance(name, str) or name not in OPERATORS:
        yield f"{field}operator {name} is not one of: {', '.join(sorted(OPERATORS))}."
        return
    pattern = criterion.get("pattern")
    if pattern is None and name not in WITHOUT_PATTERN:
        yield f"{field}no pattern specified for operator {name}."
    elif name == SEARCH:
        yield from _search_problems(key, criterion)
    elif name in _EXPRESSIONS and isinstance(pattern, str) and "{{" not in pattern:
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            yield f"{field}pattern is not a regular expression: {error}."


def _search_problems(key: str, criterion: dict[str, Any]) -> Iterator[str]:
    if criterion.get("condition") not in CONDITIONS:
        yield f"For field: {key}, condition of search has to be one of: {', '.join(CONDITIONS)}."
    pattern = criterion["pattern"]
    if not isinstance(pattern, dict):
        yield f"For field: {key}, pattern of search has to be a map of keys like item.name to {{type, pattern}}."
        return
    for inner, nested in pattern.items():
        yield from _problems(f"{key} > {inner}", nested)
