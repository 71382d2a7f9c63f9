"""Writes that come at the same time share a command; each thread learns what became of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pymongo
import pytest
from pymongo import errors
from pymongo.collection import Collection

from st2lite.models.errors import StaleWrite
from st2lite.storage.mongodb.writes import Change, Replacement, Writes
from tests.processes import PATIENCE
from tests.servers.mongod import MongoServer

Row = dict[str, Any]


class Watched:
    """A real collection: keeps the writes it gets, lets the first one wait, and has chosen ones lose their answer."""

    def __init__(self, collection: Collection[Row]) -> None:
        self._collection = collection
        self.calls: list[str] = []
        self.running, self.go = threading.Event(), threading.Event()
        self.lost: dict[int, str] = {}

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._collection, name)
        if name not in ("insert_one", "insert_many", "update_one", "update_many", "bulk_write"):
            return method

        def call(*arguments: Any, **options: Any) -> Any:
            self.calls.append(name)
            number = len(self.calls)
            self.running.set()
            assert self.go.wait(PATIENCE)
            if self.lost.get(number) == "before":
                raise errors.AutoReconnect("lost on the way there")
            result = method(*arguments, **options)
            if self.lost.get(number) == "after":
                raise errors.AutoReconnect("lost on the way back")
            return result

        return call


@pytest.fixture
def collection(mongo_server: MongoServer) -> Iterator[Collection[Row]]:
    with pymongo.MongoClient[Row](mongo_server.uri("writes"), retryWrites=False) as client:
        client.drop_database("writes")
        yield client["writes"]["rows"]


def outcomes(watched: Watched, writes: Writes, work: dict[str, Callable[[], None]]) -> dict[str, BaseException | None]:
    """Start the first piece of work, have the others queue up behind it, and let all go; what each raised."""
    found: dict[str, BaseException | None] = {}

    def run(name: str) -> None:
        try:
            work[name]()
            found[name] = None
        except Exception as error:
            found[name] = error

    threads = [threading.Thread(target=run, args=(name,)) for name in work]
    threads[0].start()
    assert watched.running.wait(PATIENCE)
    for thread in threads[1:]:
        thread.start()
    while len(writes._inserts._queue) + len(writes._replacements._queue) < len(work) - 1:
        threading.Event().wait(0.001)
    watched.go.set()
    for thread in threads:
        thread.join()
    return found


def row(identifier: str, **values: Any) -> Row:
    return {"_id": identifier, "rev": 1, "write": f"token of {identifier}", **values}


def made(collection: Collection[Row]) -> tuple[Watched, Writes]:
    watched = Watched(collection)
    return watched, Writes(watched)  # type: ignore[arg-type]


def insert(writes: Writes, new: Row) -> Callable[[], None]:
    return lambda: writes.insert(new)


@pytest.mark.parametrize("lost", [{}, {2: "before"}, {2: "after"}, {2: "after", 1: "after"}])
def test_inserts(collection: Collection[Row], lost: dict[int, str]) -> None:
    collection.create_index("key", unique=True)
    collection.insert_many([{**row("taken", key="0"), "write": "another"}, row("other", key="k")])
    watched, writes = made(collection)
    watched.lost = lost
    work = {name: insert(writes, row(name, key=name)) for name in ("first", "a", "b", "c", "taken")}
    work["key"] = insert(writes, row("key", key="k"))
    found = outcomes(watched, writes, work)
    assert {name for name, error in found.items() if error is None} == {"first", "a", "b", "c"}
    assert all(isinstance(found[name], errors.DuplicateKeyError) for name in ("taken", "key"))
    assert {stored["_id"] for stored in collection.find()} == {"first", "a", "b", "c", "taken", "other"}
    if not lost:
        assert watched.calls == ["insert_one", "insert_many"]


def test_what_is_wrong_with_one_row_is_no_fault_of_the_others(collection: Collection[Row]) -> None:
    watched, writes = made(collection)
    work = {name: insert(writes, row(name)) for name in ("first", "a", "b")}
    work["large"] = insert(writes, row("large", text="x" * (17 << 20)))
    work["odd"] = insert(writes, row("odd", value=object()))
    found = outcomes(watched, writes, work)
    assert {name for name, error in found.items() if error is not None} == {"large", "odd"}
    assert {stored["_id"] for stored in collection.find()} == {"first", "a", "b"}


def replace(writes: Writes, new: Row, *kept: str) -> Callable[[], None]:
    return lambda: writes.replace(Replacement(new, kept))


def newer(identifier: str, rev: int = 2, **values: Any) -> Row:
    return {"_id": identifier, "rev": rev, "write": f"newer token of {identifier}", **values}


@pytest.mark.parametrize("lost", [{}, {1: "before"}, {1: "after"}, {2: "before"}, {2: "after"}])
def test_replacements(collection: Collection[Row], lost: dict[int, str]) -> None:
    collection.create_index("key", unique=True)
    names = ("first", "a", "b", "stale", "taken")
    collection.insert_many([row(name, key=name, old="$old", large="large") for name in names])
    watched, writes = made(collection)
    watched.lost = lost
    work = {name: replace(writes, newer(name, key=name, new="$new")) for name in ("first", "b", "gone")}
    work["a"] = replace(writes, newer("a", key="another", new={"$deep": "$a.b"}), "large", "missing")
    work["stale"] = replace(writes, newer("stale", rev=3))
    work["taken"] = replace(writes, newer("taken", key="b"))
    found = outcomes(watched, writes, work)
    assert {name for name, error in found.items() if error is None} == {"first", "a", "b"}
    assert {name for name, error in found.items() if isinstance(error, StaleWrite)} == {"stale", "gone"}
    assert isinstance(found["taken"], errors.DuplicateKeyError)
    stored = {stored["_id"]: stored for stored in collection.find()}
    assert stored["a"] == newer("a", key="another", new={"$deep": "$a.b"}, large="large")
    assert stored["b"] == newer("b", key="b", new="$new")
    assert stored["stale"]["rev"] == stored["taken"]["rev"] == 1
    if not lost:
        assert watched.calls[:2] == ["update_one", "update_many"]


def test_one_of_two_that_replace_the_same_revision_wins(collection: Collection[Row]) -> None:
    collection.insert_many([row("first"), row("wanted")])
    watched, writes = made(collection)
    work = {"first": replace(writes, newer("first"))}
    work |= {name: replace(writes, {**newer("wanted", winner=name), "write": name}) for name in ("a", "b")}
    found = outcomes(watched, writes, work)
    (loser,) = [name for name, error in found.items() if isinstance(error, StaleWrite)]
    stored = collection.find_one({"_id": "wanted"})
    assert stored is not None
    assert {stored["winner"], loser} == {"a", "b"}


def test_a_replacement_that_is_too_large_is_no_fault_of_the_others(collection: Collection[Row]) -> None:
    collection.insert_many([row(name) for name in ("first", "a", "large")])
    watched, writes = made(collection)
    work = {name: replace(writes, newer(name)) for name in ("first", "a")}
    work["large"] = replace(writes, newer("large", text="x" * (17 << 20)))
    found = outcomes(watched, writes, work)
    assert {name for name, error in found.items() if error is not None} == {"large"}
    assert {stored["_id"]: stored["rev"] for stored in collection.find()} == {"first": 2, "a": 2, "large": 1}


def test_heavy_replacements_share_no_more_than_a_command_holds(collection: Collection[Row]) -> None:
    names = ("first", "a", "b", "c", "light")
    collection.insert_many([row(name) for name in names])
    watched, writes = made(collection)
    text = "\N{GREEK SMALL LETTER ALPHA}" * (3 << 20)
    work = {name: replace(writes, newer(name, text="" if name == "light" else text)) for name in names}
    found = outcomes(watched, writes, work)
    assert set(found.values()) == {None}
    assert watched.calls == ["update_one", *["update_many"] * 3]
    assert {stored["_id"]: stored["rev"] for stored in collection.find()} == dict.fromkeys(names, 2)


@pytest.mark.parametrize("lost", [{}, {1: "before"}, {1: "after"}])
def test_changes(collection: Collection[Row], lost: dict[int, str]) -> None:
    collection.insert_many([row(name, state="new") for name in ("a", "b", "c", "stale")])
    collection.update_one({"_id": "stale"}, {"$set": {"rev": 2}})
    watched, writes = made(collection)
    watched.lost = lost
    watched.go.set()
    wanted = {"a": "done", "b": "done", "stale": "done", "gone": "done", "c": "left"}
    made_ones = writes.change(
        [*(Change(name, 1, "state", state) for name, state in wanted.items()), Change("a", 1, "state", "done")]
    )
    assert made_ones == [True, True, False, False, True, False]
    stored = {row["_id"]: (row["rev"], row["state"]) for row in collection.find()}
    assert stored == {"a": (2, "done"), "b": (2, "done"), "c": (2, "left"), "stale": (2, "new")}
    if not lost:
        assert watched.calls == ["update_many", "update_one"]
