"""Newest-first pages are asked for in a range that widens, and the next page starts with what the last one needed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from st2lite.models.timestamps import from_epoch
from st2lite.storage.contract import Equal, Filter, Order, Range
from st2lite.storage.mongodb.look_back import LookBack

NEWEST = [Order("timestamp", descending=True)]


class Collection:
    """Answers with the documents of a list of ages, in seconds; remembers how it was asked."""

    def __init__(self, ages: Sequence[float]) -> None:
        self.times = [from_epoch(time.time() - age) for age in sorted(ages)]
        self.limit = 0
        self.asked: list[bool] = []

    def find(self, filters: Sequence[Filter]) -> list[dict[str, Any]]:
        bounds = [filter_.gte for filter_ in filters if isinstance(filter_, Range)]
        self.asked.append(bool(bounds))
        found = [moment for moment in self.times if all(moment >= str(bound) for bound in bounds)]
        return [{"timestamp": moment} for moment in found[: self.limit]]

    def page(self, look_back: LookBack, limit: int, filters: Sequence[Filter] = ()) -> list[bool]:
        self.limit, self.asked = limit, []
        rows = look_back.page("collection", filters, NEWEST, limit, self.find)
        assert [row["timestamp"] for row in rows] == self.times[:limit]
        return self.asked


def test_a_page_of_recent_documents_needs_one_bounded_query() -> None:
    assert Collection(range(100)).page(LookBack(), 50) == [True]


def test_the_range_widens_and_the_next_page_starts_where_this_one_ended() -> None:
    collection, look_back = Collection(range(0, 100 * 3_600, 3_600)), LookBack()
    first = collection.page(look_back, 50)
    assert len(first) > 1
    assert all(first)
    assert collection.page(look_back, 50) == [True]


def test_a_list_that_does_not_fill_a_page_is_asked_without_a_range_from_then_on() -> None:
    collection, look_back = Collection(range(10)), LookBack()
    assert collection.page(look_back, 50)[-1] is False
    assert collection.page(look_back, 50) == [False]
    assert collection.page(look_back, 5) == [False]
    assert collection.page(look_back, 5) == [True]


def test_lists_with_other_filters_are_remembered_apart() -> None:
    collection, look_back = Collection(range(100)), LookBack()
    collection.page(look_back, 200)
    assert collection.page(look_back, 50, [Equal("status", "failed")]) == [True]


def test_other_lists_are_asked_as_they_are() -> None:
    asked: list[Sequence[Filter]] = []

    def find(filters: Sequence[Filter]) -> list[dict[str, Any]]:
        asked.append(filters)
        return []

    look_back = LookBack()
    look_back.page("c", [], [Order("timestamp")], 5, find)
    look_back.page("c", [], [Order("name", descending=True)], 5, find)
    look_back.page("c", [], NEWEST, None, find)
    look_back.page("c", [], [], 5, find)
    assert asked == [[]] * 4
