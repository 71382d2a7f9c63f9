"""Timestamps in ISO 8601, for code of packs."""

from __future__ import annotations

import re
from datetime import datetime, timezone

__all__ = ["add_utc_tz", "format", "get_datetime_utc_now", "parse", "validate"]

_TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?(Z|z|[+-]\d\d(?::?\d\d)?)?")


def get_datetime_utc_now() -> datetime:
    """Return the time that it is, in UTC."""
    return datetime.now(timezone.utc)


def add_utc_tz(dt: datetime) -> datetime:
    """Return the same date and time, in UTC."""
    return dt.replace(tzinfo=timezone.utc)


def format(dt: datetime | str, usec: bool = True, offset: bool = True) -> str:
    """Write a time, with microseconds or without; it ends with its offset (`+00:00`), or `Z` without `offset`.

    A time without a zone is taken to be in UTC.
    """
    moment = parse(dt) if isinstance(dt, str) else dt
    zone = moment.strftime("%z") or "+0000"
    name = (moment.tzname() or "UTC") if moment.tzinfo else "UTC"
    end = f"{zone[:3]}:{zone[3:5]}" if offset else name.replace("UTC", "Z")
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f" if usec else "%Y-%m-%dT%H:%M:%S") + end


def validate(value: str, raise_exception: bool = True) -> bool:
    """Tell whether a text is a timestamp; raise `ValueError` if it is not, unless told otherwise."""
    try:
        parse(value)
    except ValueError:
        if raise_exception:
            raise
        return False
    return True


def parse(value: str) -> datetime:
    """Read a timestamp; one without a time zone is in UTC, and so is what is returned. Raises `ValueError`."""
    match = _TIMESTAMP.fullmatch(value)
    if match is None:
        raise ValueError(f'"{value}" is not a timestamp such as 2026-01-31T12:00:00.000000Z.')
    day, time, fraction, zone = match.groups()
    shift = "+00:00" if zone in (None, "Z", "z") else f"{zone[:3]}:{zone[3:].lstrip(':') or '00'}"
    found = datetime.fromisoformat(f"{day}T{time}.{(fraction or '')[:6]:0<6}{shift}")
    return found.astimezone(timezone.utc)
