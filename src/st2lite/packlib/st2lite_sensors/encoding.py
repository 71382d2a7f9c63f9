"""Payloads as JSON: what a sensor may dispatch, and what JSON does not know."""

from __future__ import annotations

import datetime
import json
from typing import Any


def encode(message: dict[str, Any]) -> bytes:
    """One line of JSON. Dates become ISO text, sets lists, bytes text, numbers that are none null, the rest its text.

    Raises `ValueError`, `TypeError` or `RecursionError` for what has no such form (a value that contains itself).
    """
    try:
        text = json.dumps(message, ensure_ascii=False, allow_nan=False, default=_plain)
    except ValueError:
        known = json.loads(json.dumps(message, default=_plain), parse_constant=_null)
        text = json.dumps(known, ensure_ascii=False)
    return text.encode("utf-8", "replace") + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return list(value)
    if isinstance(value, (bytes, bytearray)):
        return value.decode("utf-8", "replace")
    return str(value)


def _null(_: str) -> None:
    return None
