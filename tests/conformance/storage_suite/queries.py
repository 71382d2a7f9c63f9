"""Reading: every filter and order is compared with a plain evaluation in memory."""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Iterable, Sequence

from st2lite.models.document import Scalar
from st2lite.models.errors import InvalidInput
from st2lite.models.timestamps import from_epoch
from st2lite.storage.contract import Equal, Exists, Filter, In, Order, Prefix, Range
from tests.conformance.storage_suite.items import Database, Item, Note, error_of, ready

NAMES = [
    "",
    "a",
    "ab",
    "abc",
    "abd",
    "B",
    "Ab",
    "a%b",
    "a_b",
    "a\0b",
    "é",
    "ß",
    "世界",
    "\U0001f680",
    "\uffff",
    "z",
    "ab*",
]
WEIGHTS = [None, -1.5, 0.0, 0.1, 2, 2.0, 1e300, -(1 << 53)]
MOMENTS = [None, *(from_epoch(1_700_000_000 + second / 2) for second in range(5))]

FILTERS: list[Filter] = [
    *(Equal("name", name) for name in ("a", "A", "", "世界", "a\0b", "none such")),
    Equal("serial", None),
    Equal("shelf", None),
    Equal("shelf", 3),
    Equal("shelf", 3.0),
    Equal("fragile", True),
    Equal("fragile", False),
    Equal("fragile", 1),
    Equal("fragile", None),
    Equal("weight", 2),
    Equal("weight", 0),
    Equal("id", "id-003"),
    Equal("id", None),
    In("name", ()),
    In("name", ("a", "é", "none such", "a")),
    In("shelf", (1, None, 4)),
    In("shelf", (None,)),
    In("id", tuple(f"id-{number:03}" for number in range(0, 300, 2))),
    In("name", ("a", *map(str, range(2_000)))),
    Range("shelf"),
    Range("shelf", gt=3),
    Range("shelf", gte=3, lt=9),
    Range("shelf", lte=-1),
    Range("shelf", gt=9, lt=3),
    Range("weight", gte=0.1),
    Range("name", gt="a", lte="abd"),
    Range("timestamp", gte=MOMENTS[2]),
    Range("timestamp", lt=MOMENTS[3]),
    Range("id", gt="id-005", lt="id-02"),
    Exists("weight"),
    Exists("weight", exists=False),
    Exists("id"),
    Exists("name"),
    Prefix("name", ""),
    Prefix("name", "a"),
    Prefix("name", "ab"),
    Prefix("name", "a%"),
    Prefix("name", "a_"),
    Prefix("name", "\uffff"),
    Prefix("name", "\U0010ffff"),
    Prefix("id", "id-01"),
    Prefix("serial", "s"),
]

ORDERS: list[list[Order]] = [
    [],
    [Order("id")],
    [Order("id", descending=True)],
    [Order("name")],
    [Order("weight", descending=True)],
    [Order("timestamp", descending=True)],
    [Order("timestamp")],
    [Order("fragile"), Order("shelf", descending=True)],
    [Order("shelf", descending=True), Order("id")],
]


def sample() -> list[Item]:
    """Items with and without each value, in no particular order."""
    return [
        Item(
            id=f"id-{number * 7 % 60:03}",
            name=NAMES[number % len(NAMES)],
            serial=None if number % 3 else f"s{number}",
            shelf=None if number % 5 == 0 else number - 9,
            weight=WEIGHTS[number % len(WEIGHTS)],
            fragile=(None, True, False)[number % 3],
            timestamp=MOMENTS[number % len(MOMENTS)],
        )
        for number in range(60)
    ]


def value_of(item: Item, field: str) -> Scalar:
    value: Scalar = getattr(item, field)
    return value


def matches(item: Item, filter_: Filter) -> bool:
    """The contract's words on filters, in Python."""
    value = value_of(item, filter_.field)
    if isinstance(filter_, Equal):
        return value == filter_.value
    if isinstance(filter_, Exists):
        return (value is not None) == filter_.exists
    if value is None:
        return False
    if isinstance(filter_, In):
        return value in filter_.values
    if isinstance(filter_, Prefix):
        return isinstance(value, str) and value.startswith(filter_.text)
    return _in_range(value, filter_)


def _in_range(value: Scalar, filter_: Range) -> bool:
    own = _key(value)
    return (
        (filter_.gt is None or own > _key(filter_.gt))
        and (filter_.gte is None or own >= _key(filter_.gte))
        and (filter_.lt is None or own < _key(filter_.lt))
        and (filter_.lte is None or own <= _key(filter_.lte))
    )


def _key(value: Scalar) -> tuple[bool, float, str]:
    return (value is not None, 0, value) if isinstance(value, str) else (value is not None, value or 0, "")


def ordered(items: Iterable[Item], order: Sequence[Order]) -> list[Item]:
    """The contract's words on order, in Python."""
    result = sorted(items, key=lambda item: item.id, reverse=bool(order) and order[-1].descending)
    for key in reversed(order):
        result.sort(key=lambda item, field=key.field: _key(value_of(item, field)), reverse=key.descending)  # type: ignore[misc]
        # A reversed sort keeps equal items as they were: their order by `id` stands.
    return result


class QueryConformance:
    """See the package."""

    def test_every_filter(self, database: Database) -> None:
        store = ready(database)
        items = sample()
        store.insert_many(items)
        for filter_ in FILTERS:
            expected = ordered((item for item in items if matches(item, filter_)), [])
            assert store.find(Item, [filter_]) == expected, filter_
            assert store.count(Item, [filter_]) == len(expected), filter_
        assert store.find(Item) == ordered(items, [])
        assert store.count(Item) == len(items)

    def test_pairs_of_filters_are_both_asked(self, database: Database) -> None:
        store = ready(database)
        items = sample()
        store.insert_many(items)
        for pair in itertools.combinations(FILTERS[::2], 2):
            expected = {item.id for item in items if all(matches(item, filter_) for filter_ in pair)}
            assert {item.id for item in store.find(Item, pair, large=False)} == expected, pair

    def test_every_order(self, database: Database) -> None:
        store = ready(database)
        items = sample()
        store.insert_many(items)
        for order in ORDERS:
            for filters in ([], [Exists("weight")], [In("id", tuple(item.id for item in items) * 3)]):
                chosen = [item for item in items if all(matches(item, filter_) for filter_ in filters)]
                expected = [item.id for item in ordered(chosen, order)]
                assert [item.id for item in store.find(Item, filters, order)] == expected, (order, filters)

    def test_paging_is_stable(self, database: Database) -> None:
        store = ready(database)
        items = sample()
        store.insert_many(items)
        for order in ORDERS:
            pages = [store.find(Item, [], order, limit=7, offset=offset) for offset in range(0, 70, 7)]
            assert [len(page) for page in pages] == [7] * 8 + [4, 0]
            assert [item.id for page in pages for item in page] == [item.id for item in ordered(items, order)]

    def test_limit_and_offset(self, database: Database) -> None:
        store = ready(database)
        items = ordered(sample(), [])
        store.insert_many(items)
        assert store.find(Item, limit=0) == []
        assert store.find(Item, limit=3) == items[:3]
        assert store.find(Item, offset=57) == items[57:]
        assert store.find(Item, limit=100, offset=58) == items[58:]
        many = In("id", tuple(f"id-{number:03}" for number in range(250)))
        assert store.find(Item, [many], limit=3, offset=56) == items[56:59]

    def test_newest_first_over_a_long_time(self, database: Database) -> None:
        """Pages of a newest-first list are right wherever the documents lie: now, years ago, in the future, nowhere."""
        store = ready(database)
        ages = [0, 1, 30, 59, 400, 700, 5_000, 80_000, 200_000, 3e6, 5e7, 9e8, -50, -9e6]
        items = [Item(timestamp=from_epoch(time.time() - age), fragile=age < 1_000) for age in ages]
        items += [Item(), Item(fragile=True)]
        store.insert_many(items)
        order = [Order("timestamp", descending=True)]
        bound = items[5].timestamp
        cases: list[list[Filter]] = [[], [Equal("fragile", True)], [Range("timestamp", lt=bound)]]
        for filters in cases * 2:
            chosen = [item for item in items if all(matches(item, filter_) for filter_ in filters)]
            expected = [item.id for item in ordered(chosen, order)]
            for limit, offset in itertools.product((1, 3, 8, 100), (0, 2, 9)):
                page = store.find(Item, filters, order, limit=limit, offset=offset)
                assert [item.id for item in page] == expected[offset : offset + limit], (filters, limit, offset)

    def test_distinct(self, database: Database) -> None:
        store = ready(database)
        items = sample()
        store.insert_many(items)
        for field in ("name", "shelf", "weight", "fragile", "timestamp", "id"):
            expected = sorted({value_of(item, field) for item in items}, key=_key)
            assert store.distinct(Item, field) == expected, field
        assert store.distinct(Item, "fragile", [Equal("fragile", True)]) == [True]
        assert store.distinct(Item, "shelf", [In("id", ())]) == []
        assert store.distinct(Item, "name", [Prefix("name", "ab")]) == ["ab", "ab*", "abc", "abd"]

    def test_an_empty_collection(self, database: Database) -> None:
        store = ready(database)
        assert store.find(Item) == []
        assert store.count(Item) == 0
        assert store.distinct(Item, "name") == []
        assert store.delete_many(Item, []) == 0

    def test_fields_that_are_not_declared(self, database: Database) -> None:
        store = ready(database)
        unknown = Equal("details", 1)
        for call in (
            functools.partial(store.find, Item, [unknown]),
            functools.partial(store.find, Item, [], [Order("body")]),
            functools.partial(store.count, Note, [Equal("text", "")]),
            functools.partial(store.distinct, Item, "rev"),
            functools.partial(store.delete_many, Item, [unknown]),
        ):
            error_of(KeyError, call)

    def test_values_that_no_document_can_have(self, database: Database) -> None:
        store = ready(database)
        for bad in (Equal("name", "\ud800"), Equal("shelf", 1 << 63), Range("weight", gt=float("nan"))):
            error_of(InvalidInput, functools.partial(store.find, Item, [bad]))
