"""JSON, YAML and JSONPath in templates."""

from __future__ import annotations

import json
from typing import Any

from jinja2 import Undefined

from st2lite.rendering.casting import NONE_MARK
from st2lite.rendering.datastore import Item
from st2lite.rendering.jsonpath import find


def from_json_string(value: Any) -> Any:
    """Parse JSON text."""
    return json.loads(str(value))


def to_json_string(
    value: Any, indent: int | None = None, sort_keys: bool = False, separators: tuple[str, str] | None = (",", ": ")
) -> str:
    """JSON text of a value."""
    return _dump(value, indent=indent, sort_keys=sort_keys, separators=separators)


def from_yaml_string(value: Any) -> Any:
    """Parse YAML text."""
    import yaml

    return yaml.safe_load(str(value))


def to_yaml_string(value: Any, indent: int | None = None, allow_unicode: bool = True) -> str:
    """YAML text of a value, in block style."""
    import yaml

    plain = str(value) if isinstance(value, Item) else value
    text: str = yaml.safe_dump(plain, indent=indent, allow_unicode=allow_unicode, default_flow_style=False)
    return text


def json_escape(value: Any) -> str:
    """Text with the escapes it needs between the quotes of a JSON string."""
    text = _dump(value)
    return text[1:-1] if text.startswith('"') else text


def to_complex(value: Any) -> str:
    """JSON text of a value: the parameter it is given to gets the value back with its type."""
    return _dump(value)


def use_none(value: Any) -> Any:
    """A mark that becomes null in the parameter it is given to, if the value is null; else the value."""
    return NONE_MARK if value is None else value


def jsonpath_query(value: Any, query: str) -> list[Any] | None:
    """All that a JSONPath matches within a value, or None if nothing does."""
    return find(query, value) or None


def _dump(value: Any, **options: Any) -> str:
    return json.dumps(value, default=_plain, **options)


def _plain(value: Any) -> str:
    if isinstance(value, (Item, Undefined)):
        return str(value)  # which, of what is undefined, says so
    raise TypeError(f"a value of type {type(value).__name__} cannot be written as JSON")
