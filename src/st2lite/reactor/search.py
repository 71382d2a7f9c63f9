"""The operator `search`: criteria for the items of a list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from st2lite.models.criteria import CONDITIONS

_Quantifier = Callable[[Iterable[bool]], bool]

_QUANTIFIERS: dict[str, tuple[_Quantifier, _Quantifier]] = {
    "all": (all, all),
    "any": (any, all),
    "all2any": (all, any),
    "any2any": (any, any),
}
"""Of how many items it has to be true that how many of their criteria hold."""


def search(value: Any, condition: Any, tests: Sequence[Callable[[Any], bool]]) -> bool:
    """Tell whether the items of a list pass the tests; a map counts as a list of one, null holds nothing to be found.

    Raise `ValueError` for an unknown condition, `TypeError` for a value that is no list.
    """
    if condition not in _QUANTIFIERS:
        raise ValueError(f"condition has to be one of: {', '.join(CONDITIONS)}")
    if value is None:
        return False
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        raise TypeError(f"it looks into lists, and not {type(value).__name__}")
    items, criteria = _QUANTIFIERS[condition]
    return items(criteria(test(item) for test in tests) for item in value)
