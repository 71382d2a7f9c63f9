"""Semantic versions in templates."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

_VERSION = re.compile(
    r"(?P<major>0|[1-9]\d*)\.(?P<minor>0|[1-9]\d*)\.(?P<patch>0|[1-9]\d*)"
    r"(?:-(?P<pre>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_COMPARISON = re.compile(r"(>=|<=|==|!=|=|>|<)?(.+)")
_OPERATORS: dict[str, Callable[[int, int], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
}


def _parts(version: Any) -> re.Match[str]:
    match = _VERSION.fullmatch(str(version))
    if match is None:
        raise ValueError(f'"{version}" is not a version; write it as 1.2.3')
    return match


def _sort_key(version: Any) -> tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...]]:
    """A key in the order of precedence: numbers of a pre-release before its words, a release after all of them."""
    match = _parts(version)
    words = match["pre"].split(".") if match["pre"] else []
    ordered = tuple((not word.isdigit(), int(word) if word.isdigit() else 0, word) for word in words)
    return int(match["major"]), int(match["minor"]), int(match["patch"]), not words, ordered


def version_compare(value: Any, other: Any) -> int:
    """-1, 0 or 1: older than the other version, the same, or newer."""
    one, two = _sort_key(value), _sort_key(other)
    return (one > two) - (one < two)


def version_more_than(value: Any, other: Any) -> bool:
    """Tell whether the version is newer than the other one."""
    return version_compare(value, other) > 0


def version_less_than(value: Any, other: Any) -> bool:
    """Tell whether the version is older than the other one."""
    return version_compare(value, other) < 0


def version_equal(value: Any, other: Any) -> bool:
    """Tell whether the two versions are the same."""
    return version_compare(value, other) == 0


def version_match(value: Any, comparison: str) -> bool:
    """Tell whether the version fits a comparison such as >=1.2.0"""
    match = _COMPARISON.fullmatch(comparison.strip())
    if match is None:
        raise ValueError("the comparison is empty; write it as >=1.2.3")
    return _OPERATORS[match[1] or "=="](version_compare(value, match[2].strip()), 0)


def version_bump_major(value: Any) -> str:
    """The next major version."""
    return f"{int(_parts(value)['major']) + 1}.0.0"


def version_bump_minor(value: Any) -> str:
    """The next minor version."""
    match = _parts(value)
    return f"{match['major']}.{int(match['minor']) + 1}.0"


def version_bump_patch(value: Any) -> str:
    """The next patch version."""
    match = _parts(value)
    return f"{match['major']}.{match['minor']}.{int(match['patch']) + 1}"


def version_strip_patch(value: Any) -> str:
    """Major and minor version alone."""
    match = _parts(value)
    return f"{match['major']}.{match['minor']}"
