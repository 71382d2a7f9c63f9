"""Moments as people write them, in many forms."""

from __future__ import annotations

import itertools
import re
from datetime import datetime, timedelta, timezone, tzinfo

from st2lite.models.errors import InvalidInput

_DAYS = (
    "%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d %b %Y", "%d %B %Y", "%b %d %Y", "%B %d %Y", "%m/%d/%Y", "%d.%m.%Y",
)  # fmt: skip
_TIMES = (" %H:%M:%S", " %H:%M:%S.%f", " %H:%M", "", " %I:%M:%S %p", " %I:%M %p", " %I %p")
_FORMS = tuple(day + time for day, time in itertools.product(_DAYS, _TIMES))

_WEEKDAY = re.compile(r"^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+", re.IGNORECASE)
_ZONE = re.compile(r"(?<=[\dmM])\s*(?:(?P<utc>Z|UTC|GMT)|(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d)?)$", re.I)
_BETWEEN = re.compile(r"(?<=\d)T(?=\d)")
_FRACTION = re.compile(r"(\.\d{6})\d+")


def parse_moment(text: str, field: str, zone: tzinfo) -> datetime:
    """Aware datetime of a date, or of a date and a time; without an offset it is meant in `zone`.

    Takes ISO 8601, the form of mail headers, and dates with names of months, with slashes (month first) or with dots
    (day first). Raises `InvalidInput` for anything else.
    """
    rest = _WEEKDAY.sub("", text.strip()).replace(",", " ")
    offset = _ZONE.search(rest) if ":" in rest else None
    if offset:
        rest, zone = rest[: offset.start()], _zone_of(offset)
    rest = " ".join(_FRACTION.sub(r"\1", _BETWEEN.sub(" ", rest)).split())
    for form in _FORMS:
        try:
            return datetime.strptime(rest, form).replace(tzinfo=zone)
        except ValueError:
            continue
    raise InvalidInput(
        f'{field}: "{text}" is no date that can be understood; write it as 2026-01-31 12:00:00, or with an offset as '
        "2026-01-31T12:00:00+02:00."
    )


def _zone_of(offset: re.Match[str]) -> timezone:
    if offset["utc"]:
        return timezone.utc
    span = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"] or 0))
    return timezone(-span if offset["sign"] == "-" else span)
