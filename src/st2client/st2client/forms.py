"""Asking for values field by field, as a JSON schema describes them. Questions go to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from st2client.errors import UsageError
from st2client.parameters import cast

Properties = Mapping[str, Mapping[str, Any]]


def ask(properties: Properties, prefix: str = "") -> dict[str, Any]:
    """Ask for the value of each property; return those that were given or have a default.

    :raises UsageError: there is no terminal to ask on.
    """
    if not sys.stdin.isatty():
        raise UsageError(
            "Values must be asked for, and there is no terminal.", hint="Give them as options or in a file."
        )
    answers: dict[str, Any] = {}
    for name, schema in properties.items():
        value = _ask_one(f"{prefix}{name}", schema)
        if value is not None:
            answers[name] = value
    return answers


def _ask_one(name: str, schema: Mapping[str, Any]) -> Any:
    if schema.get("type") == "object" and schema.get("properties"):
        return ask(schema["properties"], f"{name}.")
    if schema.get("description"):
        print(f"\n{schema['description']}", file=sys.stderr)
    options = schema.get("enum") or (schema.get("items") or {}).get("enum")
    while True:
        text = _read(_question(name, schema, options), bool(schema.get("secret")))
        if not text and "default" in schema:
            return schema["default"]
        if not text and not schema.get("required"):
            return None
        try:
            return _convert(name, text, schema, options)
        except UsageError as error:
            print(f"{error} {error.hint}".rstrip(), file=sys.stderr)


def _question(name: str, schema: Mapping[str, Any], options: Any) -> str:
    kind = schema.get("type", "string")
    notes = [kind if isinstance(kind, str) else "/".join(kind)]
    if options:
        notes = [", ".join(f"{number}: {option}" for number, option in enumerate(options))]
    if "default" in schema and not schema.get("secret"):
        notes.append(f"default {json.dumps(schema['default'])}")
    elif schema.get("required"):
        notes.append("required")
    return f"{name} ({'; '.join(notes)}): "


def _convert(name: str, text: str, schema: Mapping[str, Any], options: Any) -> Any:
    if not text:
        raise UsageError(f"{name} is required.")
    if not options:
        return cast(name, text, schema, {})
    several = schema.get("type") == "array"
    chosen = [_choose(word.strip(), options) for word in (text.split(",") if several else [text])]
    return chosen if several else chosen[0]


def _choose(word: str, options: list[Any]) -> Any:
    """An option by its number or by itself."""
    for option in options:
        if word == str(option):
            return option
    if word.isdigit() and int(word) < len(options):
        return options[int(word)]
    raise UsageError(f'"{word}" is none of: {", ".join(str(option) for option in options)}.')


def _read(question: str, secret: bool) -> str:
    if secret:
        from getpass import getpass

        return getpass(question)
    print(question, end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        raise UsageError("The input ended before all values were given.")
    return line.strip()
