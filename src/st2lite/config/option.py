"""How one option of st2.conf is declared, and how its text becomes a value."""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from typing import Any

from st2lite.models.errors import ConfigError

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off", ""})


def option(
    default: Any,
    help_text: str,
    *,
    choices: tuple[str, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
    pairs: bool = False,
) -> Any:
    """Declare an option: its default, a sentence of help, and what restricts its value.

    The value of a dictionary is written as JSON, with `pairs` also as `name:value, name:value`.
    """
    metadata = {"help": help_text, "choices": choices, "minimum": minimum, "maximum": maximum, "pairs": pairs}
    if isinstance(default, (list, dict)):
        return dataclasses.field(default_factory=lambda: type(default)(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def parse_value(section: str, field: dataclasses.Field[Any], kind: Any, text: str) -> Any:
    """Turn the text of an option into a value of its type; raise `ConfigError` with the remedy."""
    text = text.strip()
    where = f"[{section}] {field.name}"
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        if text in ("", "None"):
            return None
        kind = next(arm for arm in typing.get_args(kind) if arm is not type(None))
    value = _convert(where, field, kind, text)
    choices = field.metadata["choices"]
    if choices and value not in choices:
        raise ConfigError(f'{where}: "{text}" is not one of {", ".join(choices)}.')
    minimum = field.metadata["minimum"]
    if minimum is not None and value < minimum:
        raise ConfigError(f"{where}: {text} is too small; the least that works is {minimum:g}.")
    maximum = field.metadata["maximum"]
    if maximum is not None and value > maximum:
        raise ConfigError(f"{where}: {text} is too large; the most that works is {maximum:g}.")
    return value


def _convert(where: str, field: dataclasses.Field[Any], kind: Any, text: str) -> Any:
    if kind is bool:
        if text.lower() in _TRUE:
            return True
        if text.lower() in _FALSE:
            return False
        raise ConfigError(f'{where}: "{text}" is not a boolean; write True or False.')
    if kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            noun = "a whole number" if kind is int else "a number"
            raise ConfigError(f'{where}: "{text}" is not {noun}.')
        return number
    origin = typing.get_origin(kind)
    if origin is list:
        return [item.strip() for item in text.split(",") if item.strip()]
    if origin is dict:
        return _pairs(where, text) if field.metadata["pairs"] and not text.startswith("{") else _object(where, text)
    return text


def _object(where: str, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}")
    except ValueError as error:
        raise ConfigError(f'{where}: not valid JSON ({error}); write it like {{"key": "value"}}.') from None
    if not isinstance(value, dict):
        raise ConfigError(f'{where}: must be a JSON object, like {{"key": "value"}}.')
    return value


def _pairs(where: str, text: str) -> dict[str, str]:
    pairs = {}
    for part in text.split(",") if text else ():
        name, colon, value = part.partition(":")
        if not colon or not name.strip():
            raise ConfigError(
                f'{where}: "{part.strip()}" is not of the form name:value; write pairs, separated by commas.'
            )
        pairs[name.strip()] = value.strip()
    return pairs
