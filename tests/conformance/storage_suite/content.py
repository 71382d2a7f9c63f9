"""What documents may hold: odd keys, odd numbers, large attributes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from st2lite.models.errors import InvalidInput
from st2lite.storage.contract import Equal, In, Order, UpTo
from tests.conformance.storage_suite.items import EMPTY, Database, Item, ready

ODD: list[Any] = [
    {"a.b": 1, "$set": {"$where": "x"}, "": {"": None}, "\0": "\0", "__proto__": [], "_id": 5, "ключ": "значение"},
    [0, -0.0, 1 << 63, (1 << 64) - 1, 1 << 64, -(1 << 63) - 1, 10**30, 5e-324, 1.7976931348623157e308, 0.1, 1e22],
    [None, True, False, "", " ", "null", "\r\n\t", "\x7f\x1b[0m", "\u2028", "e\u0301", "\U0001f680" * 50],
    {"$date": "2026-01-01T00:00:00Z", "$oid": "0" * 24, "$numberLong": "1", "$binary": {"base64": "", "subType": "00"}},
]


def nested(depth: int) -> Any:
    value: Any = "bottom"
    for _ in range(depth):
        value = {"k": [value]}
    return value


class ContentConformance:
    """See the package."""

    def test_odd_content_survives(self, database: Database) -> None:
        store = ready(database)
        for details in [*ODD, nested(150)]:
            item = Item(details=details)
            store.insert(item)
            found = store.get(Item, item.id)
            assert found is not None
            assert repr(found.details) == repr(details)

    def test_what_could_not_be_read_again_is_refused(self, database: Database) -> None:
        store = ready(database)
        for depth in (220, 480, 5000):
            with pytest.raises(InvalidInput, match="deep"):
                store.insert(Item(details=nested(depth)))
        assert store.find(Item) == []

    def test_large_attributes(self, database: Database) -> None:
        store = ready(database)
        item = Item(name="x", picture=msgspec.Raw(b'{"a.b": [1, 2,   "\xc3\xa9"]}'))
        store.insert(item)
        found = store.get(Item, item.id)
        assert found is not None
        assert bytes(found.picture) == bytes(item.picture)
        assert bytes(found.manual) == b""
        assert bytes(store.find(Item, [Equal("name", "x")])[0].picture) == bytes(item.picture)
        small = store.find(Item, [Equal("name", "x")], large=False)[0]
        assert bytes(small.picture) == b""
        assert small.name == "x"

    def test_large_attributes_as_far_as_there_is_room(self, database: Database) -> None:
        store = ready(database)
        documents = [Item(name="x", picture=msgspec.Raw(b"[1]"), manual=msgspec.Raw(b'"22"')) for _ in range(3)]
        store.insert_many(documents)
        for most, pictures in ((9, 3), (8, 0)):
            found = store.find(Item, [Equal("name", "x")], large=UpTo(most, ("picture",)))
            assert [item.id for item in found] == sorted(item.id for item in documents)
            assert sum(bytes(item.picture) == b"[1]" for item in found) == pictures
            assert {bytes(item.manual) for item in found} == {b""}
        one = store.find(Item, [Equal("name", "x")], [Order("name")], 1, 2, UpTo(4, ("manual",)))
        assert [(bytes(item.picture), bytes(item.manual)) for item in one] == [(b"", b'"22"')]
        several = store.find(
            Item, [In("id", tuple(f"{number}" for number in range(1000)))], large=UpTo(0, ("picture",))
        )
        assert several == []
        with pytest.raises(KeyError):
            store.find(Item, large=UpTo(9, ("name",)))

    def test_writing_without_a_large_attribute_keeps_it(self, database: Database) -> None:
        store = ready(database)
        item = Item(name="before", serial="s", picture=msgspec.Raw(b"[1]"))
        store.insert(item)
        small = store.find(Item, large=False)[0]
        small.name, small.serial, small.manual = "after", None, msgspec.Raw(b'"read me"')
        store.replace(small)
        found = store.get(Item, item.id)
        assert found is not None
        assert (found.name, found.serial, found.rev) == ("after", None, 2)
        assert (bytes(found.picture), bytes(found.manual)) == (b"[1]", b'"read me"')
        assert store.count(Item, [Equal("serial", None)]) == 1
        found.picture = msgspec.Raw(b"null")
        store.replace(found)
        again = store.get(Item, item.id)
        assert again is not None
        assert (bytes(again.picture), bytes(again.manual)) == (b"null", b'"read me"')

    def test_storing_leaves_the_document_alone(self, database: Database) -> None:
        store = ready(database)
        picture = msgspec.Raw(b"[1]")
        item = Item(picture=picture, details={"a": 1})
        store.insert(item)
        store.replace(item)
        assert item.picture is picture
        assert item.manual is EMPTY
        assert item.details == {"a": 1}

    def test_five_megabytes(self, database: Database) -> None:
        store = ready(database)
        text = msgspec.json.encode("é0123456789\n" * 400_000)
        assert len(text) > 5 << 20
        item = Item(picture=msgspec.Raw(text), details="x" * 1_000_000)
        store.insert(item)
        found = store.get(Item, item.id)
        assert found is not None
        assert bytes(found.picture) == text
        found.name = "changed"
        store.replace(found)
        assert store.find(Item, [], [Order("name")], large=False)[0].details == item.details
