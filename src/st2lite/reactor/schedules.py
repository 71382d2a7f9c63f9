"""When timers are due, worked out by the trigger classes of APScheduler.

APScheduler is imported with the first timer; a host without timers never loads it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from st2lite.models.errors import InvalidInput
from st2lite.models.ids import new_id, time_of
from st2lite.models.moments import parse_moment
from st2lite.models.trigger import TIMER_TYPES, Trigger

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from apscheduler.triggers.base import BaseTrigger

INTERVAL, DATE, CRON = TIMER_TYPES
UNITS = ("weeks", "days", "hours", "minutes", "seconds")
CRON_FIELDS = ("year", "month", "day", "week", "day_of_week", "hour", "minute", "second")

_INSTANT = timedelta(microseconds=1)
_FIELD = "trigger.parameters"
_LONGEST = 500
"""Characters of a parameter; a list of all sixty minutes has 170."""
_HORIZON = timedelta(days=36525)
"""How far ahead a cron timer is looked for. One that never comes would otherwise be sought until the year 9999."""


class Schedule:
    """The moments at which one timer is due: the same for every process, and after every restart."""

    def __init__(self, times: BaseTrigger, zone: ZoneInfo) -> None:
        self._times = times
        self._zone = zone

    def next_after(self, moment: float) -> float | None:
        """The first moment later than this one, both in epoch seconds; None if there is none."""
        due = self._times.get_next_fire_time(None, datetime.fromtimestamp(moment, self._zone) + _INSTANT)
        if due is None or due.timestamp() <= moment:  # a date comes once, whatever time it is
            return None
        return float(due.timestamp())

    def latest(self, after: float, until: float) -> float | None:
        """The last moment later than `after` and not later than `until`; None if there is none."""
        if after >= until:
            return None
        span = 1.0
        while True:
            # Looks back ever further, so that a long time of a short interval is not gone through one by one.
            start = max(after, until - span)
            due = self.next_after(start)
            if due is not None and due <= until:
                return self._last_from(due, until)
            if start == after:
                return None
            span *= 2

    def _last_from(self, due: float, until: float) -> float:
        while (later := self.next_after(due)) is not None and later <= until:
            due = later
        return due


def make_schedule(trigger: Trigger, default_zone: str) -> Schedule:
    """The schedule of a trigger of a timer type; raise `InvalidInput` that names the parameter that is wrong.

    An interval counts from the moment the trigger was made. `default_zone` is for timers that name no time zone.
    """
    parameters = {name: value for name, value in trigger.parameters.items() if value is not None}
    for name, value in parameters.items():
        if len(str(value)) > _LONGEST:
            raise InvalidInput(f"{_FIELD}.{name}: has {len(str(value))} characters; at most {_LONGEST} are possible.")
    zone = _zone(parameters.pop("timezone", None), default_zone)
    try:
        return Schedule(_MAKERS[trigger.type](parameters, zone, trigger), zone)
    except InvalidInput:
        raise
    except (ValueError, TypeError) as error:
        raise InvalidInput(f"{_FIELD}: {error}") from None


def check_timer(type_ref: str, parameters: Mapping[str, Any], default_zone: str) -> None:
    """Raise `InvalidInput`, naming the parameter, unless a timer of this type can run with these parameters."""
    make_schedule(Trigger(id=new_id(), name="", pack="", type=type_ref, parameters=dict(parameters)), default_zone)


def _interval(parameters: Mapping[str, Any], zone: ZoneInfo, trigger: Trigger) -> BaseTrigger:
    from apscheduler.triggers.interval import IntervalTrigger

    unit, delta = parameters.get("unit"), parameters.get("delta")
    if unit not in UNITS:
        raise InvalidInput(f'{_FIELD}.unit: "{unit}" is not one of {", ".join(UNITS)}.')
    if isinstance(delta, bool) or not isinstance(delta, int) or delta < 1:
        raise InvalidInput(f"{_FIELD}.delta: has to be a whole number from 1.")
    try:
        span = timedelta(**{unit: delta})
        first = datetime.fromtimestamp(time_of(trigger.id), zone) + span
    except OverflowError:
        raise InvalidInput(f"{_FIELD}.delta: {delta} {unit} are beyond the calendar; give less.") from None
    return IntervalTrigger(seconds=span.total_seconds(), start_date=first)


def _date(parameters: Mapping[str, Any], zone: ZoneInfo, _trigger: Trigger) -> BaseTrigger:
    from apscheduler.triggers.date import DateTrigger

    return DateTrigger(parse_moment(str(parameters.get("date", "")), f"{_FIELD}.date", zone), zone)


def _cron(parameters: Mapping[str, Any], zone: ZoneInfo, _trigger: Trigger) -> BaseTrigger:
    from apscheduler.triggers.cron import CronTrigger

    unknown = sorted(parameters.keys() - set(CRON_FIELDS))
    if unknown:
        raise InvalidInput(f"{_FIELD}.{unknown[0]}: is not known; a cron timer takes {', '.join(CRON_FIELDS)}.")
    if not parameters:
        raise InvalidInput(f"{_FIELD}: say when; a cron timer takes one or more of {', '.join(CRON_FIELDS)}.")
    for name, value in parameters.items():
        try:
            CronTrigger(**{name: value}, timezone=zone)
        except ValueError as error:
            raise InvalidInput(f"{_FIELD}.{name}: {error}.") from None
    return CronTrigger(**parameters, timezone=zone, end_date=datetime.now(zone) + _HORIZON)


_MAKERS: dict[str, Callable[[Mapping[str, Any], ZoneInfo, Trigger], BaseTrigger]] = {
    INTERVAL: _interval,
    DATE: _date,
    CRON: _cron,
}


def _zone(name: str | None, default: str) -> ZoneInfo:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name or default)
    except (KeyError, ValueError, OSError, TypeError):
        where = f"{_FIELD}.timezone" if name else "[timer] local_timezone"
        raise InvalidInput(
            f'{where}: there is no time zone "{name or default}"; write one like Europe/Berlin.'
        ) from None
