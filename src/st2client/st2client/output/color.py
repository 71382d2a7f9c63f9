"""Colours on terminals.

``ST2_COLORIZE`` decides for itself: a word for yes forces colours, any other value switches them off, as does
``NO_COLOR``. Otherwise colours are for terminals only.
"""

from __future__ import annotations

import os
from typing import Any, TextIO

from st2client.settings import TRUE_WORDS

RED, GREEN, BROWN, BLUE, YELLOW, BOLD = "\033[91m", "\033[92m", "\033[33m", "\033[94m", "\033[93m", "\033[1m"
_END = "\033[0m"

_STATUS = {"succeeded": GREEN, "failed": RED, "timeout": BROWN, "abandoned": RED, "delayed": BLUE}


def enabled(stream: TextIO) -> bool:
    """Whether to colour what goes to a stream."""
    wanted = os.environ.get("ST2_COLORIZE")
    if wanted:
        return wanted.strip().lower() in TRUE_WORDS
    if os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb":
        return False
    return stream.isatty()


def paint(text: str, color: str) -> str:
    """The text in a colour."""
    return f"{color}{text}{_END}"


def paint_status(value: Any) -> Any:
    """A status in its colour; what follows it, such as the elapsed time, is left alone."""
    if not isinstance(value, str):
        return value
    status, space, rest = value.partition(" ")
    return paint(status, _STATUS.get(status, YELLOW)) + space + rest


def visible_length(text: str) -> int:
    """Columns the text takes on a terminal: colours take none, wide characters two."""
    if "\033" in text:
        import re

        text = re.sub(r"\033\[[0-9;]*m", "", text)
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)
