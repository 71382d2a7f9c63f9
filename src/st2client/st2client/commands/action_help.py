"""The help of an action: ``st2 run <action> --help``."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from typing import Any

from st2client.commands.view import merged_parameters
from st2client.output.printer import Printer


def print_help(printer: Printer, action: Any, runner: Any) -> None:
    """Print what an action is and which parameters it takes; those that are fixed are left out."""
    of_runner, of_action = merged_parameters(runner, action)
    schemas = {name: {**of_runner.get(name, {}), **of_action.get(name, {})} for name in {**of_runner, **of_action}}
    fixed = {
        name for name in schemas if of_runner.get(name, {}).get("immutable") or of_action.get(name, {}).get("immutable")
    }
    free = sorted((name for name in schemas if name not in fixed), key=lambda name: _rank(name, schemas[name]))
    if printer.structured:
        printer.data({"ref": action.ref, "description": _text(action), "parameters": {n: schemas[n] for n in free}})
        return
    printer.line(f"\n{textwrap.fill(_text(action) or action.ref)}\n")
    for title, required in (("Required Parameters:", True), ("Optional Parameters:", False)):
        names = [name for name in free if bool(schemas[name].get("required")) is required]
        if names:
            printer.line(title)
        for name in names:
            _print_parameter(printer, name, schemas[name])


def _print_parameter(printer: Printer, name: str, schema: Mapping[str, Any]) -> None:
    printer.line(f"    {name}")
    lines = [schema.get("description") or ""]
    if schema.get("type"):
        kind = schema["type"]
        lines.append(f"Type: {', '.join(kind) if isinstance(kind, list) else kind}")
    if schema.get("enum"):
        lines.append("Enum: " + ", ".join(str(value) for value in schema["enum"]))
    if schema.get("default") is not None:
        default = schema["default"]
        lines.append(f"Default: {default if isinstance(default, str) else json.dumps(default)}")
    for line in filter(None, lines):
        printer.line(textwrap.fill(line, 78, initial_indent=" " * 8, subsequent_indent=" " * 8))
    printer.line()


def _rank(name: str, schema: Mapping[str, Any]) -> tuple[int, str]:
    """Parameters with a position come first, in that order; the others by name."""
    position = schema.get("position")
    return (position if isinstance(position, int) else 2**31, name)


def _text(action: Any) -> str:
    return getattr(action, "description", None) or ""
