"""The criteria of a rule, made ready once to be held against many trigger instances."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from st2lite.models.criteria import SEARCH
from st2lite.models.errors import InvalidInput, RenderError
from st2lite.reactor.facts import Facts, getter_of
from st2lite.reactor.operators import OPERATOR_OF
from st2lite.reactor.search import search
from st2lite.rendering.environment import NotATemplate, compile_template, is_template

_EXPRESSION = re.compile(r"\{\{[-+]?((?:(?!\{\{|\}\}|\{%|%\}).)+?)[-+]?\}\}", re.DOTALL)
_FAULTS = (RenderError, TypeError, ValueError, LookupError, AttributeError, RecursionError, OverflowError, re.error)


class CriteriaError(InvalidInput):
    """Criteria that cannot be held against a payload; the text names rule key, operator and why."""


@dataclass(frozen=True)
class Mismatch:
    """The first criterion that does not hold: its key, its operator, the rendered pattern, the value in the payload."""

    key: str
    operator: str
    pattern: Any
    value: Any


class Criteria:
    """All criteria of a rule. Safe to use from many threads."""

    def __init__(self, criteria: Mapping[str, Any]) -> None:
        self._criteria = [_Criterion(str(key), criterion) for key, criterion in criteria.items()]

    def mismatch(self, facts: Facts) -> Mismatch | None:
        """The first criterion that does not hold, None if all do; raise `CriteriaError` when that cannot be told.

        Where there are criteria a payload that is empty matches nothing.
        """
        if self._criteria and not facts.roots["trigger"]:
            return Mismatch("trigger", "exists", None, facts.roots["trigger"])
        for criterion in self._criteria:
            pattern, value, holds = criterion.check(facts)
            if not holds:
                return Mismatch(criterion.key, criterion.name, pattern, value)
        return None


class _Criterion:
    """One key with its operator and pattern."""

    def __init__(self, key: str, criterion: Any) -> None:
        criterion = criterion if isinstance(criterion, dict) else {}
        self.key = key
        self.name = str(criterion.get("type"))
        self._value_in = getter_of(key)
        pattern = criterion.get("pattern")
        self._pattern_for = _pattern(pattern)
        self._condition = criterion.get("condition")
        nested = pattern.items() if self.name == SEARCH and isinstance(pattern, dict) else ()
        self._nested = [_Criterion(str(inner), criterion) for inner, criterion in nested]
        self._is_known = self.name in OPERATOR_OF or self.name == SEARCH or criterion.get("type") is None

    def check(self, facts: Facts) -> tuple[Any, Any, bool]:
        """Rendered pattern, value, and whether they match."""
        try:
            pattern = self._pattern_for(facts)
        except _FAULTS as error:
            raise self._fault("the pattern cannot be rendered", error) from error
        try:
            value = self._value_in(facts)
        except _FAULTS as error:
            raise self._fault("the key cannot be looked up", error) from error
        try:
            return pattern, value, self._holds(value, pattern, facts)
        except CriteriaError:
            raise
        except _FAULTS as error:
            raise self._fault("the value cannot be compared", error) from error

    def _holds(self, value: Any, pattern: Any, facts: Facts) -> bool:
        if not self._is_known:
            raise ValueError("there is no such operator")
        if self.name == SEARCH:
            return self._search(value, pattern, facts)
        compare = OPERATOR_OF.get(self.name)  # none: a criterion without a type, which never holds
        return compare is not None and compare(value, pattern)

    def _search(self, value: Any, pattern: Any, facts: Facts) -> bool:
        if pattern is None:
            return False
        if not isinstance(pattern, dict):
            raise TypeError(f"the pattern has to be a map of criteria, and not {type(pattern).__name__}")
        tests = [lambda item, inner=inner: inner.check(facts.about(item))[2] for inner in self._nested]
        return search(value, self._condition, tests)

    def _fault(self, what: str, error: Exception) -> CriteriaError:
        text = error.message if isinstance(error, RenderError) else str(error) or type(error).__name__
        return CriteriaError(f'Criterion "{self.key}" ({self.name}): {what}: {text}.')


def _pattern(pattern: Any) -> Callable[[Facts], Any]:
    """The function that renders a pattern; one that is a single expression keeps the type of its value."""
    if not is_template(pattern):
        return lambda _facts: pattern
    expression = _EXPRESSION.fullmatch(pattern.strip())
    source = f"{{{{ ({expression[1]}) | to_complex }}}}" if expression else pattern

    def render(facts: Facts) -> Any:
        try:
            template = compile_template(source)
        except NotATemplate:
            return pattern
        text = template.render(facts.variables(template.names))
        return json.loads(text) if expression else text

    return render
