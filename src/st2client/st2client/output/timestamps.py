"""Times of the API (ISO 8601, UTC) and as people read them."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from st2client.errors import ConfigError

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def parse(value: str) -> datetime.datetime:
    """Read an ISO 8601 time; without an offset it is UTC.

    :raises ValueError: it is not one.
    """
    text = value.strip().replace("Z", "+00:00").replace("z", "+00:00")
    moment = datetime.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)


def to_unix(value: str) -> int:
    """Seconds since 1970, rounded down."""
    return int(parse(value).timestamp())


def zone(name: str | None) -> datetime.tzinfo:
    """Find a time zone by its name, such as ``Europe/Madrid``.

    :raises ConfigError: there is no such zone here.
    """
    if not name or name.upper() == "UTC":
        return datetime.timezone.utc
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigError(
            f'Time zone "{name}" of the option cli.timezone is not known',
            hint="Use a name such as Europe/Madrid. If it is right, this machine lacks the package tzdata.",
        ) from error


def formatter(timezone: datetime.tzinfo) -> Callable[[Any], Any]:
    """Return what turns an API time into ``Thu, 01 Jan 2026 00:00:00 UTC`` of a zone; others stay as they are."""

    def show(value: Any) -> Any:
        if not value:
            return ""
        try:
            moment = parse(str(value)).astimezone(timezone)
        except ValueError:
            return value
        day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
        return f"{day}, {moment.day:02d} {month} {moment.year} {moment:%H:%M:%S} {moment.tzname()}"

    return show
