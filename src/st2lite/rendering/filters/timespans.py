"""Timespans for people."""

from __future__ import annotations

from typing import Any

_UNITS = (("y", 365 * 86400), ("d", 86400), ("h", 3600), ("m", 60))


def to_human_time_from_seconds(seconds: Any) -> str:
    """Write seconds as 1h3m5s: from the largest unit that is not zero down to seconds; less than a second as μs."""
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"seconds have to be a number, not {seconds!r}")
    if seconds == 0:
        return "0s"
    if seconds < 1:
        return f"{seconds}μs"
    rest, text = round(seconds), ""
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        if count or text:
            text += f"{count}{unit}"
    return f"{text}{rest}s"
