"""Prefixes as ranges, and MongoDB queries made of filters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st2lite.models.errors import InvalidInput
from st2lite.storage.codec import comparable
from st2lite.storage.contract import Equal, Exists, Filter, In, Order, Prefix, Range
from st2lite.storage.filters import after_prefix
from st2lite.storage.mongodb.query import MOST_IN, queries, sort_of

TEXT = st.text(st.characters(codec="utf-8"), max_size=4)


@given(prefix=TEXT, text=TEXT)
def test_a_prefix_is_the_range_up_to_the_text_after_it(prefix: str, text: str) -> None:
    end = after_prefix(prefix)
    in_range = prefix.encode() <= text.encode() and (end is None or text.encode() < end.encode())
    assert in_range == text.startswith(prefix)


@pytest.mark.parametrize(
    ("filters", "query"),
    [
        ([], {}),
        ([Equal("a", 1)], {"a": 1}),
        ([Equal("a", None)], {"a": None}),
        ([Equal("a", True)], {"a": 1}),
        ([Equal("id", "x"), Exists("a")], {"_id": "x", "a": {"$exists": True}}),
        ([Range("a", gt=1), Range("a", gt=5, lte=9)], {"a": {"$gt": 5, "$lte": 9}}),
        ([Range("a", lt="x"), Prefix("a", "ab")], {"a": {"$lt": "ac", "$gte": "ab"}}),
        ([Range("a", lte="x")], {"a": {"$lte": "x", "$gte": ""}}),
        ([Range("a", lt="x"), Range("a", gt="b")], {"a": {"$lt": "x", "$gt": "b"}}),
        ([Range("a", lt=3)], {"a": {"$lt": 3}}),
        ([In("a", (1, 2, 3)), In("a", (3, 2, 9))], {"a": {"$in": [2, 3]}}),
        ([Equal("a", 1), Range("a", gt=0)], {"a": {"$eq": 1, "$gt": 0}}),
    ],
)
def test_filters_become_one_conjunction(filters: list[Filter], query: dict[str, object]) -> None:
    assert list(queries(filters)) == [query]


@pytest.mark.parametrize(
    "filters",
    [
        [In("a", ())],
        [In("a", (None,))],
        [Equal("a", 1), Equal("a", 2)],
        [Equal("a", 1), Equal("a", "1")],
        [In("a", (1,)), In("a", (2,))],
        [Exists("a"), Exists("a", exists=False)],
    ],
)
def test_filters_that_nothing_can_match_ask_nothing(filters: list[Filter]) -> None:
    assert list(queries(filters)) == []


def test_long_lists_are_asked_in_chunks() -> None:
    found = list(queries([In("a", tuple(range(250))), In("id", tuple(map(str, range(150)))), Equal("b", 1)]))
    assert len(found) == 6
    assert all(len(query[name]["$in"]) <= MOST_IN for query in found for name in ("a", "_id"))
    assert {value for query in found for value in query["a"]["$in"]} == set(range(250))
    assert all(query["b"] == 1 for query in found)


def test_ties_are_broken_by_id() -> None:
    assert sort_of([]) == [("_id", 1)]
    assert sort_of([Order("a", descending=True)]) == [("a", -1), ("_id", -1)]
    assert sort_of([Order("id", descending=True), Order("a")]) == [("_id", -1), ("a", 1)]


@pytest.mark.parametrize("value", [1 << 63, -(1 << 63) - 1, float("nan"), [1], {}, b"x"])
def test_values_that_cannot_be_compared_are_refused(value: object) -> None:
    with pytest.raises(InvalidInput, match="weight"):
        comparable(value, "weight")
