"""Acknowledged writes survive SIGKILL in the middle of a stream of writes, five times in a row; nothing is torn."""

from __future__ import annotations

import random
import sqlite3
import subprocess
from pathlib import Path

import pytest

from st2lite.storage.contract import Equal, Store
from st2lite.storage.open import open_store
from tests.conformance.storage_client import end, is_whole, start
from tests.conformance.storage_suite.items import Item, Note
from tests.servers.mongod import MongoServer

ROUNDS = 5
WRITERS = 4

pytestmark = pytest.mark.slow


class Ledger:
    """What clients acknowledged: the newest revision of each document."""

    def __init__(self) -> None:
        self.revisions: dict[str, int] = {}

    def read(self, client: subprocess.Popen[str], count: int | None = None) -> None:
        """Take note of `count` acknowledgements of a client, or of all there are until its output ends."""
        assert client.stdout is not None
        read = 0
        while read != count:
            line = client.stdout.readline()
            if not line.endswith("\n"):
                assert count is None, "the client ended before it was killed"
                return
            identifier, revision = line.split()
            self.revisions[identifier] = int(revision)
            read += 1

    def check(self, store: Store) -> None:
        """Everything acknowledged is there, and everything that is there is whole and found by its indexes."""
        stored = {item.id: item for item in store.find(Item)}
        missing = {key for key, revision in self.revisions.items() if key not in stored or stored[key].rev < revision}
        assert missing == set()
        assert [item.id for item in stored.values() if not is_whole(item)] == []
        assert store.count(Item) == len(stored)
        for item in random.Random(1).sample(list(stored.values()), 50):
            assert [found.id for found in store.find(Item, [Equal("serial", item.serial)])] == [item.id]
            assert item.id in {found.id for found in store.find(Item, [Equal("name", item.name)])}


def test_sqlite_survives_the_death_of_a_writer(tmp_path: Path) -> None:
    url = f"sqlite://{tmp_path}/st2.db"
    first = open_store(url, (Item, Note))
    first.ensure_schema()
    first.close()
    ledger = Ledger()
    for turn in range(ROUNDS):
        killed, survivor = (start(url, "stream", f"{turn}{name}", WRITERS) for name in "ab")
        try:
            ledger.read(survivor, 40)
            ledger.read(killed, 150 + 37 * turn)
            killed.kill()
            ledger.read(killed)
            ledger.read(survivor, 100)
        finally:
            killed.kill()
            survivor.kill()
        ledger.read(survivor)
        end(killed)
        end(survivor)
        store = open_store(url, (Item, Note))
        ledger.check(store)
        store.close()
        connection = sqlite3.connect(tmp_path / "st2.db")
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()
    assert len(ledger.revisions) > ROUNDS * 100


def test_mongodb_survives_the_death_of_the_server(tmp_path: Path) -> None:
    ledger = Ledger()
    with MongoServer(tmp_path / "server", auth=True) as server:
        url = server.uri() + "&serverSelectionTimeoutMS=500"
        first = open_store(url, (Item, Note))
        first.ensure_schema()
        first.close()
        for turn in range(ROUNDS):
            clients = [start(url, "stream", f"{turn}-{number}", 1) for number in range(WRITERS)]
            try:
                for client in clients:
                    ledger.read(client, 25 + 7 * turn)
                server.kill()
                for client in clients:
                    ledger.read(client)
                    assert client.wait() == 0
            finally:
                for client in clients:
                    end(client)
            server.start()
            store = open_store(server.uri(), (Item, Note))
            ledger.check(store)
            store.close()
    assert len(ledger.revisions) > ROUNDS * WRITERS * 10


def test_mongodb_writers_go_on_after_a_restart_of_the_server(tmp_path: Path) -> None:
    """A write whose answer was lost is neither reported as failed nor done twice."""
    with MongoServer(tmp_path / "server", auth=True) as server:
        url = server.uri() + "&serverSelectionTimeoutMS=60000"
        store = open_store(url, (Item, Note))
        store.ensure_schema()
        for number in range(WRITERS):
            store.insert(Item(id=str(number), shelf=0))
        clients = [start(url, "increment", number, 120) for number in range(WRITERS)]
        try:
            for _ in range(2):
                for client in clients:
                    assert client.stdout is not None
                    for _ in range(30):
                        assert client.stdout.readline()
                server.kill()
                server.start()
            for client in clients:
                assert client.communicate()[0]
                assert client.returncode == 0
        finally:
            for client in clients:
                end(client)
        counters = store.find(Item)
        store.close()
    assert [(counter.shelf, counter.rev) for counter in counters] == [(120, 121)] * WRITERS
