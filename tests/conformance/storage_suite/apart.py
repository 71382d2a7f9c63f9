"""Attributes that are kept apart from the body and change alone."""

from __future__ import annotations

from typing import Any, ClassVar

from st2lite.models.document import Collection, Document, Index
from st2lite.models.ids import new_id
from st2lite.storage.contract import Equal
from st2lite.storage.migrations import Migration
from tests.conformance.storage_suite.items import Database, error_of
from tests.conformance.storage_suite.threads import together


class OldParcel(Document, kw_only=True):
    """Before its state was kept apart."""

    collection: ClassVar[Collection] = Collection("parcels", fields={"state": lambda p: p.state})

    state: str = "sent"
    content: Any = None


class Parcel(Document, kw_only=True):
    collection: ClassVar[Collection] = Collection(
        "parcels", fields={"state": lambda p: p.state}, indexes=(Index(("state",)),), apart=("state",)
    )

    state: str = "sent"
    content: Any = None


class MarkedParcel(Parcel, kw_only=True):
    """The next release: one more field."""

    collection: ClassVar[Collection] = Collection(
        "parcels",
        fields={"state": lambda p: p.state, "mark": lambda p: p.mark},
        indexes=(Index(("state",)),),
        apart=("state",),
    )

    mark: str = "none"


class ApartConformance:
    """See the package."""

    def test_an_update_writes_one_attribute_and_nothing_else(self, database: Database) -> None:
        store = database(Parcel)
        store.ensure_schema()
        parcel, other = Parcel(content={"of": "glass"}), Parcel()
        store.insert(parcel)
        store.insert(other)
        parcel.state, parcel.content = "lost", "not written"
        store.update([parcel], "state")
        assert parcel.rev == 2
        stored = store.get(Parcel, parcel.id)
        assert stored == Parcel(id=parcel.id, rev=2, state="lost", content={"of": "glass"})
        assert store.find(Parcel, [Equal("state", "lost")]) == [stored]
        assert store.find(Parcel, [Equal("state", "sent")], large=False) == [other]
        error_of(KeyError, lambda: store.update([parcel], "content"))

    def test_several_are_updated_together_but_for_those_that_are_stale(self, database: Database) -> None:
        store = database(Parcel)
        store.ensure_schema()
        parcels = [Parcel(content=number) for number in range(4)]
        store.insert_many(parcels)
        theirs = Parcel(id=parcels[1].id, rev=1, state="found")
        store.update([theirs], "state")
        for parcel, state in zip(parcels, ("lost", "lost", "lost", "torn"), strict=True):
            parcel.state = state
        unknown = Parcel(id=new_id(), rev=1)
        assert store.update([*parcels, unknown], "state") == [parcels[1], unknown]
        assert [parcel.rev for parcel in parcels] == [2, 1, 2, 2]
        stored = sorted([parcels[0], theirs, *parcels[2:]], key=lambda parcel: parcel.id)
        assert [(found.id, found.rev, found.state) for found in store.find(Parcel)] == [
            (parcel.id, parcel.rev, parcel.state) for parcel in stored
        ]
        assert store.update([], "state") == []
        error_of(KeyError, lambda: store.update(parcels, "content"))

    def test_a_replacement_writes_it_too(self, database: Database) -> None:
        store = database(Parcel)
        store.ensure_schema()
        parcel = Parcel()
        store.insert(parcel)
        parcel.state = "lost"
        store.update([parcel], "state")
        parcel.state, parcel.content = "found", "all"
        store.replace(parcel)
        assert store.get(Parcel, parcel.id) == parcel
        assert (parcel.rev, parcel.state) == (3, "found")

    def test_an_update_of_another_revision_changes_nothing(self, database: Database) -> None:
        store = database(Parcel)
        store.ensure_schema()
        parcel = Parcel()
        store.insert(parcel)
        for stale in (Parcel(id=parcel.id, rev=2, state="x"), Parcel(id=new_id(), rev=1), Parcel(id=new_id())):
            rev = stale.rev
            assert store.update([stale], "state") == [stale]
            assert stale.rev == rev
        assert store.find(Parcel) == [parcel]

    def test_of_updates_at_the_same_time_one_wins(self, database: Database) -> None:
        store = database(Parcel)
        store.ensure_schema()
        parcels = [Parcel(content=number) for number in range(20)]
        store.insert_many(parcels)
        wins: list[int] = []
        stale: list[int] = []

        def work(_: int) -> None:
            for parcel in parcels:
                mine = Parcel(id=parcel.id, rev=1, state="lost")
                (stale if store.update([mine], "state") else wins).append(parcel.content)

        together(work)
        assert sorted(wins) == list(range(20))
        assert len(stale) == 20 * 7
        assert {(parcel.state, parcel.rev) for parcel in store.find(Parcel)} == {("lost", 2)}

    def test_what_was_written_before_it_was_kept_apart(self, database: Database) -> None:
        old = database(OldParcel)
        old.ensure_schema()
        old.insert(OldParcel(id="1", state="lost"))
        store = database(Parcel)
        store.ensure_schema()
        parcel = store.get(Parcel, "1")
        assert parcel is not None
        assert parcel.state == "lost"
        parcel.state = "found"
        store.update([parcel], "state")
        assert store.find(Parcel) == [Parcel(id="1", rev=2, state="found")]

    def test_a_new_field_and_a_migration_leave_it_as_it_is(self, database: Database) -> None:
        store = database(Parcel)
        store.ensure_schema()
        parcel = Parcel()
        store.insert(parcel)
        parcel.state = "lost"
        store.update([parcel], "state")

        def mark(body: dict[str, Any]) -> dict[str, Any]:
            return {**body, "mark": "red"}

        new = database(MarkedParcel, migrations=(Migration(2, "parcels", mark),))
        new.ensure_schema()
        [found] = new.find(MarkedParcel, [Equal("mark", "red")])
        assert (found.state, found.rev) == ("lost", 2)
        assert new.find(MarkedParcel, [Equal("state", "lost")]) == [found]
