"""Reading the dates that payloads bring: in the forms that programs write, and without guessing."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

_ISO = re.compile(
    r"(\d{4})-?(\d{2})-?(\d{2})"
    r"(?:[T ]\s*(\d{2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?)?"
    r"\s*(?:(Z|UTC|GMT)|([+-]\d{2}):?(\d{2})?)?",
    re.IGNORECASE,
)


def epoch_of(value: Any) -> float:
    """Seconds since the epoch of a date: ISO 8601, the form of e-mail and HTTP, or seconds since the epoch.

    A date without a time zone is UTC. Raise `ValueError` for anything else.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        raise ValueError(f"a date is text, and not {type(value).__name__}")
    match = _ISO.fullmatch(value.strip())
    try:
        moment = _from_iso(match) if match else parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        raise ValueError(f'"{value[:100]}" is not a date; send it as 2026-01-31T12:00:00Z') from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def _from_iso(match: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second, fraction, _utc, zone_hours, zone_minutes = match.groups()
    zone = f"{zone_hours}:{zone_minutes or '00'}" if zone_hours else "+00:00"
    time = f"{hour or '00'}:{minute or '00'}:{second or '00'}.{(fraction or '')[:6].ljust(6, '0')}"
    return datetime.fromisoformat(f"{year}-{month}-{day}T{time}{zone}")
