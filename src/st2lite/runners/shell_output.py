"""What a shell command leaves behind: its result, and the text that it printed as a value in there."""

from __future__ import annotations

from typing import Any

import msgspec

_CLOSING = {"{": "}", "[": "]", '"': '"'}
_LITERALS = frozenset({"true", "false", "null"})
_LONGEST_NUMBER = 1024


def command_result(return_code: int, stdout: str, stderr: str, error: str | None = None) -> dict[str, Any]:
    """Return the result of a command; both outputs are as it printed them, `error` says what a user should know."""
    result = {
        "succeeded": return_code == 0,
        "failed": return_code != 0,
        "return_code": return_code,
        "stdout": value_of(stdout),
        "stderr": value_of(stderr),
    }
    return {**result, "error": error} if error else result


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
