"""Newest-first lists: how far to look back for a page.

A server may read every candidate of a sorted list before it applies the limit. A range on the timestamp keeps the
candidates few: look back a little, and further until the page is full. How far the last page of such a list reached is
the first guess for the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from st2lite.models.document import Scalar
from st2lite.models.timestamps import from_epoch, now, to_epoch
from st2lite.storage.contract import Filter, Order, Range

_FIRST_SECONDS = 600.0
_LEAST_SECONDS = 60.0
_FACTOR = 30.0
_MOST_SECONDS = 365 * 86400.0
_MARGIN = 2.0
_TIMES = ("timestamp", "_at", "_time")

Rows = list[dict[str, Any]]
Key = tuple[Any, ...]


class LookBack:
    """Remembers, per kind of list, how many seconds back a full page reached; infinity if the page was not filled."""

    def __init__(self) -> None:
        self._seconds: dict[Key, float] = {}

    def page(
        self,
        name: str,
        filters: Sequence[Filter],
        order: Sequence[Order],
        limit: int | None,
        find: Callable[[Sequence[Filter]], Rows],
    ) -> Rows:
        """The page that `find` gives for the filters; it is called with further ones to keep the candidates few."""
        if not limit or not order or not order[0].descending or not order[0].field.endswith(_TIMES):
            return find(filters)
        field = order[0].field
        newest = _newest(filters, field)
        key = (name, field, *sorted({filter_.field for filter_ in filters}))
        for seconds in self._guesses(key):
            rows = find([*filters, Range(field, gte=from_epoch(newest - seconds))])
            if len(rows) >= limit:
                self._remember(key, newest, rows[-1].get(field))
                return rows
        rows = find(filters)
        self._remember(key, newest, rows[-1].get(field) if len(rows) >= limit else None)
        return rows

    def _guesses(self, key: Key) -> Iterator[float]:
        seconds = self._seconds.get(key, _FIRST_SECONDS)
        while seconds < _MOST_SECONDS:
            yield seconds
            seconds *= _FACTOR

    def _remember(self, key: Key, newest: float, oldest: Scalar) -> None:
        reach = float("inf")
        if isinstance(oldest, str):
            try:
                reach = max((newest - to_epoch(oldest)) * _MARGIN, _LEAST_SECONDS)
            except ValueError:  # not one of our timestamps
                reach = float("inf")
        self._seconds[key] = reach


def _newest(filters: Sequence[Filter], field: str) -> float:
    """The moment to look back from, in epoch seconds: an upper bound among the filters, or now."""
    bounds = [now()]
    for filter_ in filters:
        if isinstance(filter_, Range) and filter_.field == field:
            bounds += [bound for bound in (filter_.lt, filter_.lte) if isinstance(bound, str)]
    try:
        return to_epoch(min(bounds))
    except ValueError:
        return to_epoch(bounds[0])
