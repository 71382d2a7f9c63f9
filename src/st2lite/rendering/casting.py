"""Give values the type that a parameter declares: templates yield text, and clients may send text."""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Callable
from typing import Any

from st2lite.models.errors import InvalidInput

NONE_MARK = "%*****__%NONE%__*****%"
"""Text that the filter use_none puts in place of null; it becomes null again here."""

_EXACT: dict[str, tuple[type, ...]] = {
    "array": (list,),
    "boolean": (bool,),
    "integer": (int,),
    "null": (type(None),),
    "number": (float,),
    "object": (dict,),
}
"""Types that need no cast; `bool` is no `int` here, since exact types are compared."""


def cast(name: str, value: Any, declared: Any) -> Any:
    """Return `value` as the declared type; null and values of undeclared or unknown type stay as they are.

    Raise `InvalidInput`, without repeating the value, when it cannot be read as that type.
    """
    if value is None or value == NONE_MARK:
        return None
    if declared == "string":
        if isinstance(value, str):
            return value
        raise InvalidInput(
            f'Parameter "{name}" must either be a string or None. Got "{type(value).__name__}"; put it in quotes.'
        )
    if not isinstance(declared, str) or type(value) in _EXACT.get(declared, ()):
        return value
    caster = _CASTS.get(declared)
    if caster is None:
        return value
    try:
        return caster(value)
    except (ValueError, TypeError, SyntaxError, OverflowError, MemoryError, RecursionError):
        raise InvalidInput(f'Parameter "{name}" cannot be read as {declared}; {_REMEDIES[declared]}.') from None


def _literal(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return _json_like(ast.literal_eval(value.strip()))


def _json_like(value: Any) -> Any:
    """Python literals know more types than JSON: tuples become lists, and others are refused."""
    if isinstance(value, dict):
        return {str(key): _json_like(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_like(item) for item in value]
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise ValueError


def _boolean(value: Any) -> Any:
    return ast.literal_eval(value.strip().capitalize()) if isinstance(value, str) else value


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


_CASTS: dict[str, Callable[[Any], Any]] = {
    "array": _literal,
    "boolean": _boolean,
    "integer": int,
    "number": _number,
    "object": _literal,
}
_REMEDIES = {
    "array": "give a list, or JSON text of one",
    "boolean": "give true or false",
    "integer": "give a whole number",
    "number": "give a number",
    "object": "give a map, or JSON text of one",
}
