"""Throttled rules: how a rule says so, and what is remembered between two of its events."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec

from st2lite.models.document import Collection, Document, Index
from st2lite.models.errors import InvalidInput

ONCE_WITHIN = "once_within"
ONCE_AFTER = "once_after"
ACCUMULATE_WITHIN = "accumulate_within"
KINDS = (ONCE_WITHIN, ONCE_AFTER, ACCUMULATE_WITHIN)
THRESHOLD = "threshold"
GROUP_BY = "group_by_attributes"

MOST_EVENTS = 1000
"""Events that a window remembers, and that a threshold can ask for."""

LONGEST_WINDOW = 30 * 24 * 3600
"""Seconds."""

_UNITS = {
    "s": 1,
    "sec": 1,
    "second": 1,
    "m": 60,
    "min": 60,
    "minute": 60,
    "h": 3600,
    "hour": 3600,
    "d": 86400,
    "day": 86400,
}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)")


@dataclass(frozen=True)
class Throttle:
    """The limit of a rule: one of `KINDS`, its window in seconds, and by which criteria keys events are grouped."""

    kind: str
    seconds: float
    threshold: int = 0
    group_by: tuple[str, ...] = ()


class Firing(msgspec.Struct):
    """One run of the action that a throttle let pass: for which instance, standing for which ones, out of how many."""

    instance: str
    events: list[str] = []
    count: int = 0


class ThrottleState(Document, kw_only=True):
    """What one group of events of a throttled rule has come to. `id` is derived from rule, throttle and group.

    `opened` is when the window of `seconds` began (None: none is open), `events` the ids of the instances in it, oldest
    first, of which there were `count`. `past` are those of the window before, `fired` the latest firings, newest last:
    by both an instance is recognised that comes again. `pending` is the firing that the action was not requested for
    yet. `due` is when there is something to do, `expires` when this may be forgotten. All moments are epoch seconds.
    """

    collection: ClassVar[Collection] = Collection(
        "rule_throttles",
        fields={"rule": lambda s: s.rule, "due": lambda s: s.due, "expires": lambda s: s.expires},
        indexes=(Index(("rule",)), Index(("due",)), Index(("expires",))),
    )

    rule: str
    seconds: float
    opened: float | None = None
    events: list[str] = []
    count: int = 0
    past: list[str] = []
    fired: list[Firing] = []
    pending: Firing | None = None
    due: float | None = None
    expires: float = 0.0


def parse_duration(value: Any) -> float:
    """Seconds of `30`, `30 seconds`, `5m`, `1.5 hours`; raise `InvalidInput` for anything else."""
    match = _DURATION.fullmatch(str(value).strip().lower()) if isinstance(value, (str, int, float)) else None
    unit = _UNITS.get(match[2] if match[2] in _UNITS else match[2].rstrip("s") or "s") if match else None
    if match is None or unit is None or isinstance(value, bool):
        raise InvalidInput(f'"{value}" is not a duration; write 30 seconds, 5m or 2 hours.')
    seconds = float(match[1]) * unit
    if not 0 < seconds <= LONGEST_WINDOW:
        raise InvalidInput(f'"{value}" must be more than nothing and at most {LONGEST_WINDOW // 86400} days.')
    return seconds


def throttle_problems(throttle: Any) -> list[str]:
    """Say what is wrong with the throttle of a rule, a text per problem; an empty list if nothing is."""
    if not isinstance(throttle, dict):
        return [f"throttle: must be a map with one of {', '.join(KINDS)}."]
    return list(_problems(throttle)) if throttle else []


def parse_throttle(throttle: dict[str, Any]) -> Throttle | None:
    """The throttle of a rule; None when it has none. Raise `InvalidInput` that lists all that is wrong."""
    if not throttle:
        return None
    problems = throttle_problems(throttle)
    if problems:
        raise InvalidInput(" ".join(problems))
    kind = next(kind for kind in KINDS if kind in throttle)
    return Throttle(
        kind, parse_duration(throttle[kind]), throttle.get(THRESHOLD) or 0, tuple(throttle.get(GROUP_BY) or ())
    )


def _problems(throttle: dict[str, Any]) -> Iterator[str]:
    for name in throttle:
        if name not in (*KINDS, THRESHOLD, GROUP_BY):
            yield f"throttle.{name}: is not known; there are {', '.join((*KINDS, THRESHOLD, GROUP_BY))}."
    kinds = [kind for kind in KINDS if kind in throttle]
    if len(kinds) != 1:
        yield f"throttle: needs exactly one of {', '.join(KINDS)}."
    for kind in kinds:
        try:
            parse_duration(throttle[kind])
        except InvalidInput as error:
            yield f"throttle.{kind}: {error.message}"
    threshold = throttle.get(THRESHOLD)
    if ACCUMULATE_WITHIN in throttle:
        if type(threshold) is not int or not 2 <= threshold <= MOST_EVENTS:
            yield f"throttle.{THRESHOLD}: {ACCUMULATE_WITHIN} needs a whole number of events from 2 to {MOST_EVENTS}."
    elif threshold is not None:
        yield f"throttle.{THRESHOLD}: only has a meaning with {ACCUMULATE_WITHIN}."
    keys = throttle.get(GROUP_BY)
    if keys is not None and not (isinstance(keys, list) and keys and all(isinstance(key, str) and key for key in keys)):
        yield f"throttle.{GROUP_BY}: must be a list of keys like trigger.body.host."
