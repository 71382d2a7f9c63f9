"""JSONPath: pick values out of nested maps and lists.

Understood: `$`, `.name`, `['name']`, `["name"]`, `[0]`, `[-1]`, `[1:3]`, `[*]`, `.*`, `..name`, `..*`, `..[0]`, names
joined by commas in brackets, and a path without the leading `$.`
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from st2lite.models.errors import RenderError

_Step = Callable[[Any], Iterable[Any]]

_TOKEN = re.compile(
    r"(?P<dots>\.\.?)?(?:(?P<name>\*|[^\W\d][\w-]*|\d+[\w-]*|@)|\[(?P<inner>(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\]])+)\])"
)
_KEY = re.compile(r"\s*(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|([^\W\d][\w-]*))\s*(?:,|$)")
_SLICE = re.compile(r"\s*(-?\d+)?\s*(:)?\s*(-?\d+)?\s*(?::\s*(-?\d+))?\s*")


def find(path: str, value: Any) -> list[Any]:
    """All matches of a path in `value`, in document order; raise `RenderError` if it is not a JSONPath."""
    found = [value]
    for step in _compile(path):
        found = [match for item in found for match in step(item)]
    return found


@functools.lru_cache(maxsize=512)
def _compile(path: str) -> tuple[_Step, ...]:
    text = path.strip()
    position = 1 if text.startswith("$") else 0
    steps: list[_Step] = []
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or (match["name"] and not match["dots"] and position):
            raise RenderError(f'"{path}" is not a JSONPath: cannot go on at "{text[position:]}"')
        step = _named(match["name"]) if match["name"] else _bracketed(match["inner"], path)
        steps.append(_deep(step) if match["dots"] == ".." else step)
        position = match.end()
    return tuple(steps)


def _named(name: str) -> _Step:
    return _children if name == "*" else lambda value: _at_key(value, name)


def _bracketed(inner: str, path: str) -> _Step:
    if inner.strip() == "*":
        return _children
    bounds = _SLICE.fullmatch(inner)
    if bounds and (bounds[1] or bounds[2]):
        if not bounds[2]:
            return lambda value: _at_index(value, int(bounds[1]))
        start, stop, stride = (int(bounds[n]) if bounds[n] else None for n in (1, 3, 4))
        return lambda value: value[start:stop:stride] if isinstance(value, list) else ()
    keys, position = [], 0
    while position < len(inner):
        match = _KEY.match(inner, position)
        if match is None:
            raise RenderError(f'"{path}" is not a JSONPath: "[{inner}]" is neither an index, a slice nor a quoted name')
        keys.append(re.sub(r"\\(.)", r"\1", next(group for group in match.groups() if group is not None)))
        position = match.end()
    return lambda value: (item for key in keys for item in _at_key(value, key))


def _deep(step: _Step) -> _Step:
    def walk(value: Any) -> Iterator[Any]:
        yield from step(value)
        for child in _children(value):
            yield from walk(child)

    return walk


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _at_key(value: Any, key: str) -> Iterable[Any]:
    return (value[key],) if isinstance(value, dict) and key in value else ()


def _at_index(value: Any, index: int) -> Iterable[Any]:
    return (value[index],) if isinstance(value, list) and -len(value) <= index < len(value) else ()
