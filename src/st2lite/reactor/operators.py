"""What the operators of criteria do: given the value in the payload and the pattern, tell whether they match.

A value that is missing (null) matches nothing but what asks for just that; a value of a kind that the operator cannot
work on is a `TypeError` or `ValueError`, which is the fault of the rule. `search` is in `reactor.search`.
"""

from __future__ import annotations

import fnmatch
import operator
import re
import time
from collections.abc import Callable
from typing import Any

from st2lite.models.criteria import OPERATORS, SEARCH
from st2lite.models.moments import epoch_of
from st2lite.models.patterns import compile_pattern

Operator = Callable[[Any, Any], bool]
"""(value, pattern) -> whether they match."""


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise TypeError(f"it compares text, and not {type(value).__name__}")


def _lower(value: Any) -> str:
    return _text(value).lower()


def _contains(value: Any, pattern: Any) -> bool:
    if isinstance(value, (list, dict)):
        return pattern in value
    return _text(pattern) in _text(value)


def _contains_ignoring_case(value: Any, pattern: Any) -> bool:
    wanted = _lower(pattern)
    if isinstance(value, (list, dict)):
        return any(isinstance(item, str) and item.lower() == wanted for item in value)
    return wanted in _lower(value)


def _inside(value: Any, pattern: Any) -> bool:
    return _contains(pattern, value)


def _found(match: Callable[[str], object], value: Any) -> bool:
    return match(_text(value)) is not None


def _is_younger(value: Any, seconds: Any) -> bool:
    return time.time() - epoch_of(value) < float(seconds)


def _is_older(value: Any, seconds: Any) -> bool:
    return time.time() - epoch_of(value) > float(seconds)


def _negated(positive: Operator) -> Operator:
    return lambda value, pattern: not positive(value, pattern)


def _of_present(compare: Operator) -> Operator:
    """An operator to which neither null as the value nor null as the pattern is a match."""
    return lambda value, pattern: value is not None and pattern is not None and compare(value, pattern)


def _of_pattern(compare: Operator) -> Operator:
    """An operator to which null as the pattern is no match."""
    return lambda value, pattern: pattern is not None and compare(value, pattern)


def _not_inside(value: Any, pattern: Any) -> bool:
    # Null is in no text, yet it may be an item of a list.
    return isinstance(pattern, (list, dict)) and value not in pattern if value is None else not _inside(value, pattern)


def _same(value: Any, pattern: Any) -> bool:
    return bool(value == pattern)


_BY_SHORT_NAME: dict[str, Operator] = {
    "eq": _of_pattern(_same),
    "neq": _negated(_same),
    "ieq": _of_present(lambda value, pattern: _lower(value) == _lower(pattern)),
    "contains": _of_present(_contains),
    "icontains": _of_present(_contains_ignoring_case),
    "ncontains": _of_present(_negated(_contains)),
    "incontains": _of_present(_negated(_contains_ignoring_case)),
    "startswith": _of_present(lambda value, pattern: _text(value).startswith(_text(pattern))),
    "istartswith": _of_present(lambda value, pattern: _lower(value).startswith(_lower(pattern))),
    "endswith": _of_present(lambda value, pattern: _text(value).endswith(_text(pattern))),
    "iendswith": _of_present(lambda value, pattern: _lower(value).endswith(_lower(pattern))),
    "lt": _of_present(lambda value, pattern: bool(operator.lt(value, pattern))),
    "gt": _of_present(lambda value, pattern: bool(operator.gt(value, pattern))),
    "td_lt": _of_present(_is_younger),
    "td_gt": _of_present(_is_older),
    "exists": lambda value, _pattern: value is not None,
    "nexists": lambda value, _pattern: value is None,
    "in": _of_pattern(
        lambda value, pattern: (value is not None or isinstance(pattern, list)) and _inside(value, pattern)
    ),
    "nin": _of_pattern(_not_inside),
    "matchwildcard": _of_present(lambda value, pattern: fnmatch.fnmatchcase(_text(value), _text(pattern))),
    "regex": _of_present(lambda value, pattern: _found(compile_pattern(_text(pattern)).search, value)),
    "iregex": _of_present(lambda value, pattern: _found(compile_pattern(_text(pattern), re.I).search, value)),
    "matchregex": _of_present(lambda value, pattern: _found(compile_pattern(_text(pattern), re.S).match, value)),
}

OPERATOR_OF: dict[str, Operator] = {name: _BY_SHORT_NAME[short] for name, short in OPERATORS.items() if short != SEARCH}
"""Every operator but `search`, by each of its names."""
