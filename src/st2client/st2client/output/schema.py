"""Guessing an output schema from a result."""

from __future__ import annotations

from typing import Any

_TYPES = {dict: "object", list: "array", bool: "boolean", int: "integer", str: "string", float: "number"}


def infer(result: Any) -> dict[str, Any]:
    """Return a schema ``name -> {type, …}`` that fits a result; empty when the result is no object."""
    return {name: _schema(value) for name, value in result.items()} if isinstance(result, dict) else {}


def _schema(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"type": "object", "properties": infer(value)}
    return {"type": _TYPES.get(type(value), "null")}
