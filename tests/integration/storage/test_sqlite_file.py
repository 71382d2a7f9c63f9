"""The SQLite file: who may read it, and what happens when it or its disk is not as it should be."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from st2lite.models.errors import StoreUnavailable
from st2lite.storage.contract import In, Store
from st2lite.storage.open import open_store
from st2lite.storage.sqlite import connection
from tests.conformance.storage_suite.items import Item, Note


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "st2.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite://{path}", (Item, Note))
    yield store
    store.close()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_owner_may_read(store: Store, path: Path) -> None:
    before = os.umask(0)
    try:
        store.ensure_schema()
        store.insert(Note(text="secret"))
        assert mode(path.parent) == 0o700
        files = list(path.parent.iterdir())
        assert len(files) == 3
        assert {mode(file) for file in files} == {0o600}
    finally:
        os.umask(before)


def test_a_commit_waits_for_the_disk(path: Path) -> None:
    opened = connection.connect(path)
    settings = [opened.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    opened.close()
    assert settings == ["wal", 2]


def test_closing_leaves_one_file(store: Store, path: Path) -> None:
    store.ensure_schema()
    store.insert(Note(text="kept"))
    store.close()
    assert [file.name for file in path.parent.iterdir()] == ["st2.db"]
    with pytest.raises(StoreUnavailable, match="closed"):
        store.count(Note)
    with pytest.raises(StoreUnavailable, match="closed"):
        store.insert(Note())


def test_a_connection_that_comes_back_while_the_store_is_closed_is_closed(path: Path) -> None:
    pool = connection.ConnectionPool(path)

    class Meanwhile(list[sqlite3.Connection]):
        def append(self, item: sqlite3.Connection) -> None:
            pool.close()
            super().append(item)

    taken = pool.take()
    pool._idle = Meanwhile()
    pool.give_back(taken)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        taken.execute("SELECT 1")


def test_a_store_that_was_not_set_up_says_so(store: Store) -> None:
    with pytest.raises(StoreUnavailable, match="not been set up"):
        store.insert(Note())
    with pytest.raises(StoreUnavailable, match="not been set up"):
        store.find(Note)


def test_another_file_is_not_overwritten(store: Store, path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"precious notes\n" * 1_000)
    for call in (store.ensure_schema, store.ping):
        with pytest.raises(StoreUnavailable, match="is not a SQLite database: move it away"):
            call()
    assert path.read_bytes() == b"precious notes\n" * 1_000


def test_a_damaged_file_is_named(store: Store, path: Path) -> None:
    store.ensure_schema()
    store.insert_many([Note(text="x" * 500) for _ in range(200)])
    store.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    damaged = open_store(f"sqlite://{path}", (Item, Note))
    with pytest.raises(StoreUnavailable, match="is damaged: restore a backup"):
        damaged.find(Note)
    damaged.close()


def test_a_directory_in_the_way(tmp_path: Path) -> None:
    store = open_store(f"sqlite://{tmp_path}")
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        store.ping()
    store.close()


def test_a_file_in_the_way_of_the_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = open_store(f"sqlite://{tmp_path}/file/st2.db")
    with pytest.raises(StoreUnavailable, match="cannot be created"):
        store.ensure_schema()
    store.close()


def test_a_file_that_vanished_is_noticed(store: Store, path: Path) -> None:
    store.ensure_schema()
    store.ping()
    path.rename(path.with_name("elsewhere.db"))
    with pytest.raises(StoreUnavailable, match="deleted or exchanged"):
        store.ping()


def test_a_full_disk_loses_nothing_and_is_survived(store: Store, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.ensure_schema()
    store.close()
    limit = f"PRAGMA max_page_count = {path.stat().st_size // 4096 + 20}"
    monkeypatch.setattr(connection, "_SETTINGS", (*connection._SETTINGS, limit))
    full = open_store(f"sqlite://{path}", (Item, Note))
    acknowledged: list[str] = []

    def fill() -> None:
        while True:
            note = Note(text="x" * 1_000)
            try:
                full.insert(note)
            except StoreUnavailable as error:
                assert "is full: nothing was written" in error.message
                assert note.rev == 0
                return
            acknowledged.append(note.id)

    threads = [threading.Thread(target=fill) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert acknowledged
    assert {note.id for note in full.find(Note)} == set(acknowledged)
    assert full.delete_many(Note, [In("id", tuple(acknowledged[:30]))]) == 30
    full.insert(Note(text="x" * 1_000))
    full.close()


def test_connections_are_used_again(store: Store, path: Path) -> None:
    """SQLite keeps the file of a closed connection open while others hold locks: what counts is that it ends."""
    store.ensure_schema()
    for _ in range(10):
        threads = [threading.Thread(target=store.count, args=(Note,)) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    handles = [descriptor.resolve() for descriptor in Path("/proc/self/fd").iterdir()]
    assert handles.count(path) <= 20


def test_several_connections_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    """SQLite refuses some of them at once, without waiting: some hundred rounds in a row showed it now and then."""
    failures: list[Exception] = []

    def open_one(path: Path, together: threading.Barrier) -> None:
        together.wait()
        try:
            connection.connect(path).close()
        except Exception as error:
            failures.append(error)

    for number in range(100):
        together = threading.Barrier(6)
        path = tmp_path / f"{number}.db"
        threads = [threading.Thread(target=open_one, args=(path, together)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []
