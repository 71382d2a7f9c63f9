"""Moments as others write them: programs in a few forms, people in many."""

from __future__ import annotations

import itertools
import re
from datetime import datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any

from st2lite.models.errors import InvalidInput

_OFFSET = r"\s*(?:(?P<utc>Z|UTC|GMT)|(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d)?)"
_ISO = re.compile(
    rf"(\d{{4}})-?(\d\d)-?(\d\d)(?:[T ]\s*(\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{{1,9}}))?)?)?(?:{_OFFSET})?", re.I
)

_DAYS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y", "%m/%d/%Y", "%d.%m.%Y",
)  # fmt: skip
_TIMES = (" %H:%M:%S", " %H:%M:%S.%f", " %H:%M", "", " %I:%M:%S %p", " %I:%M %p", " %I %p")
_FORMS = tuple(day + time for day, time in itertools.product(_DAYS, _TIMES))

_WEEKDAY = re.compile(r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+", re.IGNORECASE)
_ZONE = re.compile(rf"(?<=[\dmM]){_OFFSET}$", re.IGNORECASE)


def epoch_of(value: Any) -> float:
    """Seconds since the epoch of a date that a program wrote: ISO 8601, the form of e-mail and HTTP, or such seconds.

    Nothing is guessed. A date without a time zone is UTC. Raise `ValueError` for anything else.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        raise ValueError(f"a date is text, and not {type(value).__name__}")
    try:
        moment = _from_iso(value.strip(), timezone.utc) or parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        raise ValueError(f'"{value[:100]}" is not a date; send it as 2026-01-31T12:00:00Z') from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def parse_moment(text: str, field: str, zone: tzinfo) -> datetime:
    """Aware datetime of a date, or of a date and a time; without an offset it is meant in `zone`.

    Takes ISO 8601, the form of mail headers, and dates with names of months, with slashes (month first) or with dots
    (day first). Raises `InvalidInput` for anything else.
    """
    try:
        moment = _from_iso(text.strip(), zone) or _from_forms(text, zone)
    except ValueError:
        moment = None
    if moment is None:
        raise InvalidInput(
            f'{field}: "{text}" is no date that can be understood; write it as 2026-01-31 12:00:00, or with an offset '
            "as 2026-01-31T12:00:00+02:00."
        )
    return moment


def _from_iso(text: str, zone: tzinfo) -> datetime | None:
    """The moment, None for another form; raise `ValueError` for a date that no calendar has."""
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction = match.groups()[:7]
    microsecond = int((fraction or "")[:6].ljust(6, "0"))
    return datetime(
        int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), microsecond,
        tzinfo=_zone_of(match) or zone,
    )  # fmt: skip


def _from_forms(text: str, zone: tzinfo) -> datetime | None:
    rest = _WEEKDAY.sub("", text.strip()).replace(",", " ")
    offset = _ZONE.search(rest) if ":" in rest else None
    if offset:
        rest, zone = rest[: offset.start()], _zone_of(offset) or zone
    rest = " ".join(rest.split())
    for form in _FORMS:
        try:
            return datetime.strptime(rest, form).replace(tzinfo=zone)
        except ValueError:
            continue
    return None


def _zone_of(match: re.Match[str]) -> timezone | None:
    """The zone of an offset, None if there is none; raise `ValueError` for one of a day or more."""
    if match["utc"]:
        return timezone.utc
    if match["sign"] is None:
        return None
    span = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
    return timezone(-span if match["sign"] == "-" else span)
