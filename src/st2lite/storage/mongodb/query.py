"""Filters and orders as MongoDB queries; nothing here touches a database.

Conditions on one field are merged into one, so that a query is a plain conjunction of fields: a top-level `$and` or
`$or` keeps servers from using an index. Fields without a value are not stored, so "no value" is "not there".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from st2lite.models.document import Scalar
from st2lite.storage.contract import Equal, Exists, Filter, In, Order, Prefix, Range
from st2lite.storage.filters import after_prefix, bounds_of, value_of, values_of

MOST_IN = 100

Query = dict[str, Any]


def name_of(field: str) -> str:
    """The name of a field in a stored document."""
    return "_id" if field == "id" else field


def queries(filters: Sequence[Filter]) -> Iterator[Query]:
    """Queries that match what the filters match, no document twice; none if nothing can match.

    There is more than one only if an `In` has more than `MOST_IN` values.
    """
    for position, filter_ in enumerate(filters):
        if isinstance(filter_, In) and len(filter_.values) > MOST_IN:
            values = values_of(filter_)
            for start in range(0, len(values), MOST_IN):
                part = In(filter_.field, tuple(values[start : start + MOST_IN]))
                yield from queries([*filters[:position], part, *filters[position + 1 :]])
            return
    query = _conjunction(filters)
    if query is not None:
        yield query


def sort_of(order: Sequence[Order]) -> list[tuple[str, int]]:
    """Sort keys, `_id` last."""
    keys = [(name_of(key.field), -1 if key.descending else 1) for key in order]
    if all(name != "_id" for name, _ in keys):
        keys.append(("_id", keys[-1][1] if keys else 1))
    return keys


def rank(value: Scalar) -> tuple[int, Any]:
    """Sorts values as the database does: none, numbers, text."""
    return (0, 0) if value is None else (2, value) if isinstance(value, str) else (1, value)


_NOTHING: Any = object()
_UPPER = frozenset({"$lt", "$lte"})


def _conjunction(filters: Sequence[Filter]) -> Query | None:
    """One query for all filters; None if they contradict each other."""
    merged: dict[str, dict[str, Any]] = {}
    for filter_ in filters:
        operators = merged.setdefault(name_of(filter_.field), {})
        for operator, operand in _operators(filter_).items():
            both = _both(operator, operators[operator], operand) if operator in operators else operand
            if both is _NOTHING:
                return None
            operators[operator] = both
    for operators in merged.values():
        if operators.keys() <= _UPPER and all(isinstance(bound, str) for bound in operators.values()):
            # Says the same, as only text sorts before text; but a server may use no index for a range that is open.
            operators["$gte"] = ""
    return {name: operators["$eq"] if operators.keys() == {"$eq"} else operators for name, operators in merged.items()}


def _operators(filter_: Filter) -> dict[str, Any]:
    if isinstance(filter_, Equal):
        return {"$eq": value_of(filter_)}
    if isinstance(filter_, In):
        values = values_of(filter_)
        return {"$in": values} if values else {"$eq": _NOTHING}
    if isinstance(filter_, Range):
        return {f"${name}": bound for name, bound in bounds_of(filter_).items()} or {"$exists": True}
    if isinstance(filter_, Exists):
        return {"$exists": filter_.exists}
    return _prefix_operators(filter_)


def _prefix_operators(filter_: Prefix) -> dict[str, Any]:
    end = after_prefix(filter_.text)
    return {"$gte": filter_.text} if end is None else {"$gte": filter_.text, "$lt": end}


def _both(operator: str, one: Any, other: Any) -> Any:
    """The operand that means both; `_NOTHING` if no value can satisfy both."""
    if operator != "$in" and rank(one)[0] != rank(other)[0]:
        return _NOTHING
    if operator in ("$gt", "$gte"):
        return max(one, other)
    if operator in ("$lt", "$lte"):
        return min(one, other)
    if operator == "$in":
        common = [value for value in one if value in other]
        return common or _NOTHING
    return one if one == other else _NOTHING
