"""Schemas that grow: new fields and indexes, numbered migrations, newer databases."""

from __future__ import annotations

import threading
from typing import Any, ClassVar

from pytest import LogCaptureFixture

from st2lite.models.document import Collection, Document, Index
from st2lite.models.errors import Conflict, DamagedDocument, StoreUnavailable
from st2lite.storage.contract import Equal, Order
from st2lite.storage.migrations import Migration, is_newer, rewritten
from tests.conformance.storage_suite.items import Database, Item, Note, error_of


class OldBook(Document, kw_only=True):
    """The first release of a class."""

    collection: ClassVar[Collection] = Collection("books", fields={"title": lambda b: b.title}, indexes=())

    title: str
    author: str | None = None


class Book(Document, kw_only=True):
    """The next release: one more field, one more index, one more large attribute."""

    collection: ClassVar[Collection] = Collection(
        "books",
        fields={"title": lambda b: b.title, "author": lambda b: b.author},
        indexes=(Index(("author",)), Index(("title",), unique=True)),
    )

    title: str
    author: str | None = None


class OddBook(Document, kw_only=True):
    """What somebody else writes into the collection."""

    collection: ClassVar[Collection] = Collection("books")

    title: str | int


class RenamedBook(Document, kw_only=True):
    """The release after that: an attribute has another name, so stored bodies have to change."""

    collection: ClassVar[Collection] = Collection("books", fields={"name": lambda b: b.name})

    name: str
    author: str | None = None


def rename(body: dict[str, Any]) -> dict[str, Any]:
    if "title" in body:
        body["name"] = body.pop("title")
    return body


RENAME = Migration(2, "books", rename)


class SchemaConformance:
    """See the package."""

    def test_setting_up_twice_is_harmless(self, database: Database) -> None:
        store = database(Item, Note)
        store.ensure_schema()
        store.insert(Note(text="kept"))
        store.ensure_schema()
        database(Item, Note).ensure_schema()
        assert [note.text for note in store.find(Note)] == ["kept"]

    def test_setting_up_from_several_at_once(self, database: Database) -> None:
        stores = [database(Item, Note) for _ in range(4)]
        failures: list[Exception] = []

        def set_up(number: int) -> None:
            try:
                stores[number].ensure_schema()
                stores[number].insert(Item(serial=str(number)))
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=set_up, args=(number,)) for number in range(len(stores))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert stores[0].count(Item) == 4
        error_of(Conflict, lambda: stores[1].insert(Item(serial="2")))

    def test_a_new_field_and_a_new_index(self, database: Database) -> None:
        old = database(OldBook)
        old.ensure_schema()
        old.insert_many([OldBook(title=str(number), author="ab"[number % 2]) for number in range(7)])
        old.insert(OldBook(title="nameless"))
        new = database(Book)
        new.ensure_schema()
        assert [book.title for book in new.find(Book, [Equal("author", "a")], [Order("title")])] == ["0", "2", "4", "6"]
        assert [book.title for book in new.find(Book, [Equal("author", None)])] == ["nameless"]
        assert {book.rev for book in new.find(Book)} == {1}
        error_of(Conflict, lambda: new.insert(Book(title="3")))

    def test_an_index_that_is_gone_rules_no_more(self, database: Database) -> None:
        new = database(Book)
        new.ensure_schema()
        new.insert(Book(title="same"))
        old = database(OldBook)
        old.ensure_schema()
        old.insert(OldBook(title="same"))
        assert old.count(OldBook, [Equal("title", "same")]) == 2

    def test_a_field_that_comes_back_is_filled_anew(self, database: Database) -> None:
        database(Book).ensure_schema()
        old = database(OldBook)
        old.ensure_schema()
        old.insert(OldBook(title="t", author="a"))
        new = database(Book)
        new.ensure_schema()
        assert new.count(Book, [Equal("author", "a")]) == 1

    def test_a_migration_changes_bodies_and_fields(self, database: Database) -> None:
        old = database(Book)
        old.ensure_schema()
        old.insert_many([Book(title=f"t{number:04}") for number in range(1_203)])
        new = database(RenamedBook, migrations=(RENAME,))
        new.ensure_schema()
        new.ensure_schema()
        assert new.count(RenamedBook) == 1_203
        assert [book.name for book in new.find(RenamedBook, [Equal("name", "t0777")])] == ["t0777"]

    def test_a_newer_database_is_refused(self, database: Database) -> None:
        database(RenamedBook, migrations=(RENAME,)).ensure_schema()
        error = error_of(StoreUnavailable, lambda: database(Book).ensure_schema())
        assert "newer release" in error.message

    def test_it_tells_what_would_be_rewritten(self, database: Database) -> None:
        old = database(OldBook)
        assert old.schema() == {}
        assert rewritten(old.schema(), [OldBook.collection]) == []
        old.ensure_schema()
        assert rewritten(old.schema(), [OldBook.collection, Item.collection]) == []
        assert rewritten(old.schema(), [Book.collection]) == ["new fields of books: author"]
        lines = rewritten(old.schema(), [RenamedBook.collection], (RENAME,))
        assert lines == ["migration 2, of books", "new fields of books: name"]
        new = database(RenamedBook, migrations=(RENAME,))
        new.ensure_schema()
        assert rewritten(new.schema(), [RenamedBook.collection], (RENAME,)) == []
        assert is_newer(new.schema())

    def test_a_schema_that_is_forgotten_can_be_made_anew(self, database: Database) -> None:
        new = database(RenamedBook, migrations=(RENAME,))
        new.ensure_schema()
        new.insert(RenamedBook(name="t"))
        assert new.delete_many(RenamedBook, ()) == 1
        new.forget_schema()
        old = database(Book)
        assert old.schema() == {}
        old.ensure_schema()
        old.insert(Book(title="t", author="a"))
        assert old.count(Book, [Equal("author", "a")]) == 1

    def test_a_body_of_another_release_is_named(self, database: Database) -> None:
        old = database(Book)
        old.ensure_schema()
        book = Book(title="t")
        old.insert(book)
        new = database(RenamedBook)
        error = error_of(DamagedDocument, lambda: new.get(RenamedBook, book.id))
        assert f"books {book.id} cannot be read" in error.message
        assert "restore a backup, or delete it" in error.message

    def test_a_damaged_body_does_not_stop_a_migration(self, database: Database, caplog: LogCaptureFixture) -> None:
        old = database(OddBook)
        old.ensure_schema()
        odd = OddBook(title=7)
        old.insert_many([odd, OddBook(title="t")])
        new = database(RenamedBook, migrations=(RENAME,))
        new.ensure_schema()
        assert [book.name for book in new.find(RenamedBook, [Equal("name", "t")])] == ["t"]
        assert f"Not brought up to date: books {odd.id} cannot be read" in caplog.text
