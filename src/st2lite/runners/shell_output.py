"""What becomes of the text that a command printed before it is stored as a result."""

from __future__ import annotations

from typing import Any

import msgspec

_CLOSING = {"{": "}", "[": "]", '"': '"'}
_LITERALS = frozenset({"true", "false", "null"})
_LONGEST_NUMBER = 1024


def value_of(text: str) -> Any:
    """Return what a result shows for printed `text`: parsed JSON where it is JSON, else the text.

    One trailing newline (and a carriage return before it) is dropped first. Any JSON value counts, so `5` becomes an
    integer and `"a"` the text between the quotes. Text that does not look like JSON is never handed to the parser.
    """
    text = strip_line_end(text)
    if not _looks_like_json(text):
        return text
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return text


def strip_line_end(text: str) -> str:
    """Drop one trailing newline and then one trailing carriage return."""
    return text.removesuffix("\n").removesuffix("\r")


def _looks_like_json(text: str) -> bool:
    first = text[:1]
    if first.isspace():
        text = text.lstrip(" \t\r\n")
        first = text[:1]
    closing = _CLOSING.get(first)
    if closing is not None:
        return text.rstrip(" \t\r\n").endswith(closing)
    if first == "-" or first.isdigit():
        return len(text) <= _LONGEST_NUMBER
    return first in "tfn" and text[:8].rstrip() in _LITERALS
