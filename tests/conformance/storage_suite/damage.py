"""Documents that cannot be read: one of them takes no list with it, and is named where it is asked for."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, ClassVar

import pytest

from st2lite.models.document import Collection, Document, Index
from st2lite.models.errors import DamagedDocument
from st2lite.storage.contract import Equal, In, Order, Store, claim, find_one
from st2lite.storage.lookups import find_now
from tests.conformance.storage_suite.items import Database, error_of

_LETTERS: Collection = Collection(
    "letters",
    fields={"number": lambda letter: letter.number, "sender": lambda letter: letter.sender},
    indexes=(Index(("number",), unique=True), Index(("sender",))),
)


class Letter(Document, kw_only=True):
    """What this release writes."""

    collection: ClassVar[Collection] = _LETTERS

    number: int
    sender: str = "me"
    text: str = ""


class Scribble(Document, kw_only=True):
    """The same with a body that a letter cannot have."""

    collection: ClassVar[Collection] = _LETTERS

    number: int
    sender: str = "me"
    text: Any = None


DAMAGED = (2, 3, 7)


def letters(database: Database) -> tuple[Store, dict[int, str]]:
    """A store with ten letters, some of them damaged, and their ids by number."""
    store = database(Letter)
    store.ensure_schema()
    kinds: Sequence[type[Letter | Scribble]] = [Scribble if number in DAMAGED else Letter for number in range(10)]
    ids = {}
    for number, kind in enumerate(kinds):
        document = kind(number=number, text=[number] if kind is Scribble else "")
        store.insert(document)
        ids[number] = document.id
    return store, ids


class DamageConformance:
    """See the package."""

    def test_lists_go_on_without_what_is_damaged(self, database: Database, caplog: pytest.LogCaptureFixture) -> None:
        store, ids = letters(database)
        for _ in range(3):
            found = store.find(Letter, [Equal("sender", "me")], [Order("number")])
            assert [letter.number for letter in found] == [0, 1, 4, 5, 6, 8, 9]
        told = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
        assert len(told) == len(DAMAGED)  # and not again each time
        for number in DAMAGED:
            assert sum(f"letters {ids[number]} cannot be read" in line for line in told) == 1

    def test_pages_are_filled_up(self, database: Database) -> None:
        """To a loop that pages by key, a page that is not full is the last one."""
        store, _ = letters(database)
        for limit in range(1, 12):
            page = store.find(Letter, [], [Order("number")], limit=limit)
            assert [letter.number for letter in page] == [0, 1, 4, 5, 6, 8, 9][:limit]
            page = store.find(Letter, [], [Order("number", descending=True)], limit=limit, offset=1)
            assert [letter.number for letter in page] == [8, 6, 5, 4, 1, 0][:limit]

    def test_what_is_asked_for_by_name_is_an_error(self, database: Database) -> None:
        store, ids = letters(database)
        for call in (
            functools.partial(store.get, Letter, ids[3]),
            functools.partial(find_now, store, Letter, "id", ids[3]),
            functools.partial(find_one, store, Letter, Equal("number", 3)),
        ):
            error = error_of(DamagedDocument, call)
            assert f"letters {ids[3]} cannot be read" in error.message
            assert "restore a backup" in error.message
        assert store.find(Letter, [In("id", (ids[3], ids[4]))])[0].number == 4

    def test_it_can_be_counted_and_deleted(self, database: Database) -> None:
        store, ids = letters(database)
        assert store.count(Letter) == 10
        assert store.delete(Letter, ids[3])
        assert store.get(Letter, ids[3]) is None
        assert store.delete_many(Letter, [Equal("number", 7)]) == 1

    def test_it_is_nobodys_claim(self, database: Database) -> None:
        store, _ = letters(database)

        def change(letter: Letter) -> None:
            letter.text = "mine"

        assert [letter.number for letter in claim(store, Letter, [], change, 4, [Order("number")])] == [0, 1, 4, 5]
