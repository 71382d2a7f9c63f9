"""What a schema in metadata may say: JSON schema draft 4 plus `required`, `immutable`, `secret` and `position`.

Checked by hand rather than with the meta-schema, so that registering content needs no schema library and the texts name
the remedy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")

_Check = Callable[[Any], Any]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_pattern(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        re.compile(value)
    except re.error:
        return False
    return True


def _is_map(value: Any) -> bool:
    return isinstance(value, dict)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _is_type(value: Any) -> bool:
    return value in TYPES if isinstance(value, str) else _is_list(value) and all(v in TYPES for v in value)


def _is_schema_or_flag(value: Any) -> bool:
    return isinstance(value, (dict, bool))


_KEYWORDS: dict[str, tuple[_Check, str]] = {
    "type": (_is_type, f"one of {', '.join(TYPES)}"),
    "required": (lambda v: isinstance(v, bool) or (_is_list(v) and all(map(_is_text, v))), "true or false"),
    "immutable": (_is_flag, "true or false"),
    "secret": (_is_flag, "true or false"),
    "position": (_is_count, "a whole number from 0"),
    "description": (_is_text, "text"),
    "title": (_is_text, "text"),
    "format": (_is_text, "text"),
    "id": (_is_text, "text"),
    "$schema": (_is_text, "text"),
    "$ref": (_is_text, "text"),
    "default": (lambda _: True, ""),
    "enum": (_is_list, "a list of values that is not empty"),
    "pattern": (_is_pattern, "a regular expression"),
    "minimum": (_is_number, "a number"),
    "maximum": (_is_number, "a number"),
    "exclusiveMinimum": (_is_flag, "true or false"),
    "exclusiveMaximum": (_is_flag, "true or false"),
    "multipleOf": (lambda v: _is_number(v) and v > 0, "a number above 0"),
    "minLength": (_is_count, "a whole number from 0"),
    "maxLength": (_is_count, "a whole number from 0"),
    "minItems": (_is_count, "a whole number from 0"),
    "maxItems": (_is_count, "a whole number from 0"),
    "uniqueItems": (_is_flag, "true or false"),
    "minProperties": (_is_count, "a whole number from 0"),
    "maxProperties": (_is_count, "a whole number from 0"),
    "items": (lambda v: isinstance(v, dict) or _is_list(v), "a schema"),
    "additionalItems": (_is_schema_or_flag, "a schema, true or false"),
    "properties": (_is_map, "a map of names to schemas"),
    "patternProperties": (_is_map, "a map of regular expressions to schemas"),
    "additionalProperties": (_is_schema_or_flag, "a schema, true or false"),
    "definitions": (_is_map, "a map of names to schemas"),
    "dependencies": (_is_map, "a map of names to schemas or lists of names"),
    "allOf": (_is_list, "a list of schemas"),
    "anyOf": (_is_list, "a list of schemas"),
    "oneOf": (_is_list, "a list of schemas"),
    "not": (_is_map, "a schema"),
}


def parameter_problems(schema: Any, where: str) -> list[str]:
    """Problems of the schema of one parameter or configuration key; `where` names it, for example `parameter "cmd"`."""
    found = list(schema_problems(schema, where))
    if isinstance(schema, dict):
        if isinstance(schema.get("type"), list):
            found.append(f"{where}: type has to be a single type; use anyOf for several")
        if isinstance(schema.get("required"), list):
            found.append(f"{where}: required has to be true or false")
        found += [
            f'{where}: unknown attribute "{keyword}"{_suggestion(keyword)}'
            for keyword in schema
            if keyword not in _KEYWORDS
        ]
    return found


def schema_problems(schema: Any, where: str) -> Iterator[str]:
    """Problems of any schema, nested ones included; unknown keywords are allowed, as JSON schema wants it."""
    if not isinstance(schema, dict):
        yield f"{where}: has to be a map of schema attributes, such as type and description"
        return
    for keyword, value in schema.items():
        check, expected = _KEYWORDS.get(keyword, (None, ""))
        if check is not None and not check(value):
            yield f"{where}: {keyword} has to be {expected}"
        elif keyword in ("properties", "definitions", "patternProperties", "dependencies"):
            yield from _map_problems(keyword, value, where)
        elif keyword in ("additionalProperties", "additionalItems", "items", "not") and isinstance(value, dict):
            yield from schema_problems(value, f"{where}, {keyword}")
        elif keyword in ("allOf", "anyOf", "oneOf", "items") and isinstance(value, list):
            for position, item in enumerate(value):
                yield from schema_problems(item, f"{where}, {keyword}[{position}]")


def _map_problems(keyword: str, value: Mapping[str, Any], where: str) -> Iterator[str]:
    for name, item in value.items():
        if keyword == "dependencies" and isinstance(item, list):
            continue
        if keyword == "patternProperties" and not _is_pattern(name):
            yield f'{where}, {keyword}: "{name}" is not a regular expression'
        yield from schema_problems(item, f"{where}, {name}")


def _suggestion(keyword: str) -> str:
    import difflib

    close = difflib.get_close_matches(keyword, _KEYWORDS, n=1)
    return f'; did you mean "{close[0]}"?' if close else ""
