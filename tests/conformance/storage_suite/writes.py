"""Writing: revisions, compare-and-swap, unique keys, deleting."""

from __future__ import annotations

import functools

from st2lite.models.errors import Conflict, InvalidInput, StaleWrite
from st2lite.models.ids import is_id, new_id
from st2lite.storage.contract import Equal, In, Store, claim, save
from tests.conformance.storage_suite.items import Database, Item, Note, error_of, ready


class WriteConformance:
    """See the package."""

    def test_a_document_comes_back_as_it_was_written(self, database: Database) -> None:
        store = ready(database)
        note = Note(text="Grüße, 世界 🚀")
        store.insert(note)
        assert is_id(note.id)
        assert note.rev == 1
        assert store.get(Note, note.id) == note
        assert store.get(Note, new_id()) is None

    def test_another_store_sees_what_was_acknowledged(self, database: Database) -> None:
        note = Note(text="seen")
        ready(database).insert(note)
        assert database(Item, Note).get(Note, note.id) == note

    def test_natural_keys_may_hold_any_text(self, database: Database) -> None:
        store = ready(database)
        keys = ["st2admin", "a b", "a.b", "$where", "é", "e\u0301", "x/../y", "'; --", '"', "%", "\\", "\0", "A", "a"]
        for key in keys:
            store.insert(Note(id=key, text=key))
        for key in keys:
            found = store.get(Note, key)
            assert found is not None
            assert (found.id, found.text) == (key, key)
        assert {note.id for note in store.find(Note)} == set(keys)

    def test_replace_raises_the_revision(self, database: Database) -> None:
        store = ready(database)
        note = Note(text="1")
        store.insert(note)
        for text in "23":
            note.text = text
            store.replace(note)
        assert note.rev == 3
        assert store.get(Note, note.id) == note

    def test_save_inserts_then_replaces(self, database: Database) -> None:
        store = ready(database)
        note = Note(text="1")
        save(store, note)
        note.text = "2"
        save(store, note)
        assert store.find(Note) == [note]

    def test_a_stale_write_changes_nothing(self, database: Database) -> None:
        store = ready(database)
        mine = Note(text="first")
        store.insert(mine)
        theirs = store.get(Note, mine.id)
        assert theirs is not None
        theirs.text = "theirs"
        store.replace(theirs)
        mine.text = "mine"
        error_of(StaleWrite, lambda: store.replace(mine))
        assert mine.rev == 1
        assert store.get(Note, mine.id) == theirs

    def test_replacing_what_is_gone_is_stale(self, database: Database) -> None:
        store = ready(database)
        note = Note(text="x")
        store.insert(note)
        store.delete(Note, note.id)
        error_of(StaleWrite, lambda: store.replace(note))
        error_of(StaleWrite, lambda: store.replace(Note(id=new_id(), rev=1)))
        assert store.count(Note) == 0

    def test_an_id_is_given_once(self, database: Database) -> None:
        store = ready(database)
        store.insert(Note(id="lock", text="first"))
        second = Note(id="lock", text="first")
        error = error_of(Conflict, lambda: store.insert(second))
        assert error.conflict_id == "lock"
        assert second.rev == 0
        assert store.count(Note) == 1

    def test_unique_keys(self, database: Database) -> None:
        store = ready(database)
        first, second = Item(serial="s1"), Item(serial="s2")
        store.insert(first)
        store.insert(second)
        assert error_of(Conflict, lambda: store.insert(Item(serial="s1"))).conflict_id == first.id
        second.serial = "s1"
        assert error_of(Conflict, lambda: store.replace(second)).conflict_id == first.id
        assert second.rev == 1
        found = store.get(Item, second.id)
        assert found is not None
        assert found.serial == "s2"
        store.insert(Item(serial="S1"))

    def test_unique_keys_of_two_fields(self, database: Database) -> None:
        store = ready(database)
        first = Item(room="r", shelf=1)
        store.insert(first)
        store.insert(Item(room="r", shelf=2))
        store.insert(Item(room="q", shelf=1))
        assert error_of(Conflict, lambda: store.insert(Item(room="r", shelf=1))).conflict_id == first.id

    def test_no_value_is_nobodys_duplicate(self, database: Database) -> None:
        store = ready(database)
        for _ in range(3):
            store.insert(Item())
            store.insert(Item(room="r"))
            store.insert(Item(shelf=7))
        assert store.count(Item) == 9

    def test_a_key_is_free_again_after_a_change_or_a_deletion(self, database: Database) -> None:
        store = ready(database)
        first, second = Item(serial="a"), Item(serial="b")
        store.insert_many([first, second])
        first.serial = None
        store.replace(first)
        store.delete(Item, second.id)
        store.insert_many([Item(serial="a"), Item(serial="b")])
        assert store.count(Item) == 3

    def test_insert_many(self, database: Database) -> None:
        store = ready(database)
        items = [Item(name=str(number), serial=str(number)) for number in range(250)]
        store.insert_many(items)
        store.insert_many([])
        assert {item.rev for item in items} == {1}
        assert sorted(store.find(Item), key=lambda item: int(item.name)) == items

    def test_insert_many_with_a_taken_key(self, database: Database) -> None:
        store = ready(database)
        store.insert(Item(serial="taken"))
        error_of(Conflict, lambda: store.insert_many([Item(serial="new"), Item(serial="taken")]))
        assert store.count(Item, [Equal("serial", "taken")]) == 1

    def test_delete(self, database: Database) -> None:
        store = ready(database)
        note = Note()
        store.insert(note)
        assert not store.delete(Note, new_id())
        assert not store.delete(Note, note.id, rev=2)
        assert store.delete(Note, note.id, rev=1)
        assert not store.delete(Note, note.id)
        assert store.get(Note, note.id) is None

    def test_delete_many_stops_at_its_limit(self, database: Database) -> None:
        store = ready(database)
        store.insert_many([Item(name="old", shelf=number) for number in range(250)] + [Item(name="new")])
        old = [Equal("name", "old")]
        assert store.delete_many(Item, old, limit=0) == 0
        assert store.delete_many(Item, old, limit=30) == 30
        assert store.count(Item, old) == 220
        assert store.delete_many(Item, old) == 220
        assert store.delete_many(Item, old) == 0
        assert [item.name for item in store.find(Item)] == ["new"]

    def test_delete_many_by_a_long_list(self, database: Database) -> None:
        store = ready(database)
        notes = [Note(text=str(number)) for number in range(230)]
        store.insert_many(notes)
        chosen = In("id", tuple(note.id for note in notes[:225]))
        assert store.delete_many(Note, [chosen], limit=220) == 220
        assert store.delete_many(Note, [chosen]) == 5
        assert {note.id for note in store.find(Note)} == {note.id for note in notes[225:]}

    def test_claim_leaves_out_what_another_changed_first(self, database: Database) -> None:
        store = ready(database)
        store.insert_many([Item(name="free", shelf=number) for number in range(3)])

        def take(item: Item) -> None:
            if item.shelf == 1:
                rival = store.get(Item, item.id)
                assert rival is not None
                rival.name = "rival"
                store.replace(rival)
            item.name = "mine"

        won = claim(store, Item, [Equal("name", "free")], take, limit=10)
        assert {item.shelf for item in won} == {0, 2}
        assert store.count(Item, [Equal("name", "mine")]) == 2
        assert store.count(Item, [Equal("name", "rival")]) == 1

    def test_what_cannot_be_stored_is_refused(self, database: Database) -> None:
        store = ready(database)
        for bad in (
            Item(details="\ud800"),
            Item(name="\udfff"),
            Item(id="\ud800"),
            Item(shelf=1 << 63),
            Item(weight=float("nan")),
            Item(details=object()),
        ):
            error_of(InvalidInput, functools.partial(store.insert, bad))
            assert bad.rev == 0
        good = Item()
        store.insert(good)
        good.details = "\ud800"
        error_of(InvalidInput, lambda: store.replace(good))
        assert good.rev == 1
        assert store.count(Item) == 1

    def test_ping_and_close(self, database: Database) -> None:
        store: Store = ready(database)
        store.ping()
        store.close()
        store.close()
