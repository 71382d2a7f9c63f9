"""How deep data is nested. What reads it recurses into it: data nested too deep can be written, and not read again."""

from __future__ import annotations

from typing import Any

MOST_LEVELS = 100
"""Deepest nesting of what comes from outside: rendering, masking and validation must not run out of stack."""


def may_be_deeper(encoded: bytes, levels: int) -> bool:
    """Tell whether JSON has brackets enough to be nested deeper; far cheaper than looking, and nearly always enough."""
    return encoded.count(b"[") + encoded.count(b"{") > levels


def is_deeper(value: Any, levels: int) -> bool:
    """Tell whether lists and maps in `value`, itself included, are nested more than `levels` deep."""
    level = [value]
    for _ in range(levels):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return any(isinstance(item, (dict, list)) for item in level)
