"""Connecting to MongoDB: users, TLS, forks, and a server that is not there."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pymongo
import pytest
from pymongo.monitoring import CommandListener, CommandStartedEvent

from st2lite.models.errors import InvalidInput, StoreUnavailable
from st2lite.models.timestamps import now
from st2lite.storage.contract import Equal, Exists, In, Order, Store
from st2lite.storage.open import open_store
from tests.conformance.storage_suite.items import Item, Note
from tests.servers.certificates import make_certificates
from tests.servers.mongod import MongoServer


@pytest.fixture
def store(mongo_server: MongoServer) -> Iterator[Store]:
    store = open_store(mongo_server.uri("connection"), (Item, Note))
    store.ensure_schema()
    yield store
    store.close()


def test_over_tls_with_a_user(tmp_path: Path) -> None:
    with MongoServer(tmp_path / "server", auth=True, tls=True) as server:
        store = open_store(server.uri(), (Item, Note))
        store.ensure_schema()
        note = Note(text="over TLS")
        store.insert(note)
        assert store.get(Note, note.id) == note
        store.close()

        stranger = make_certificates(tmp_path / "stranger").authority
        refused = server.uri().replace(str(tmp_path / "server/tls/authority.pem").replace("/", "%2F"), str(stranger))
        assert refused != server.uri()
        store = open_store(refused + "&serverSelectionTimeoutMS=1000", (Item, Note))
        with pytest.raises(StoreUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
            store.get(Note, note.id)
        store.close()

        plain = server.uri().partition("?")[0] + "?authSource=admin&serverSelectionTimeoutMS=1000"
        store = open_store(plain, (Item, Note))
        with pytest.raises(StoreUnavailable):
            store.ping()
        store.close()


def test_a_wrong_password_is_refused_and_never_shown(mongo_server: MongoServer) -> None:
    store = open_store(mongo_server.uri(password="not-the-password"), (Item, Note))
    for call in (store.ensure_schema, lambda: store.insert(Note()), lambda: store.find(Note)):
        with pytest.raises(StoreUnavailable, match="refuses the user or the password") as caught:
            call()
        assert "not-the-password" not in str(caught.value)
    store.close()


def test_a_server_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    store = open_store(f"mongodb://user:hidden@127.0.0.1:{port}/?serverSelectionTimeoutMS=300", (Note,))
    for call in (store.ping, lambda: store.insert(Note()), lambda: store.get(Note, "x"), store.ensure_schema):
        with pytest.raises(StoreUnavailable, match=f"no MongoDB server answers .*{port}") as caught:
            call()
        assert "hidden" not in str(caught.value)
    store.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        store.ping()


def test_reads_go_on_after_a_restart(tmp_path: Path) -> None:
    with MongoServer(tmp_path) as server:
        store = open_store(server.uri(), (Item, Note))
        store.ensure_schema()
        store.insert(Note(id="a"))
        server.stop()
        server.start()
        assert store.get(Note, "a") is not None
        store.ping()
        store.close()


def test_a_document_beyond_the_limit_of_the_server(store: Store) -> None:
    with pytest.raises(InvalidInput):
        store.insert(Note(text="x" * (17 << 20)))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_gets_a_client_of_its_own(store: Store) -> None:
    store.insert(Note(id="parent"))
    child = os.fork()
    if not child:
        try:
            store.insert(Note(id="child"))
            os._exit(0 if store.get(Note, "parent") else 1)
        except BaseException:
            os._exit(2)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert {note.id for note in store.find(Note)} == {"parent", "child"}


class Commands(CommandListener):
    """Keeps the commands that were sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, object]]] = []

    def started(self, event: CommandStartedEvent) -> None:
        self.sent.append((event.command_name, dict(event.command)))

    def succeeded(self, event: object) -> None:
        pass

    failed = succeeded


def overheard(monkeypatch: pytest.MonkeyPatch) -> Commands:
    """The commands of all stores that are used from now on."""
    commands = Commands()
    plain_client = pymongo.MongoClient
    monkeypatch.setattr(
        "st2lite.storage.mongodb.store.MongoClient",
        lambda *args, **options: plain_client(*args, event_listeners=[commands], **options),
    )
    return commands


def test_the_access_rules_are_kept(mongo_server: MongoServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is quick on every server: no find-and-modify, no `$or`, bounded lists, no large fields; and the journal."""
    commands = overheard(monkeypatch)
    store = open_store(mongo_server.uri("rules"), (Item, Note))
    store.ensure_schema()
    commands.sent.clear()
    item = Item(name="free", timestamp=now())
    store.insert(item)
    item.name = "taken"
    store.replace(item)
    store.find(Item, [Equal("name", "taken")], [Order("timestamp", descending=True)], limit=1, large=False)
    store.find(Item, [In("id", tuple(map(str, range(250))))])
    store.count(Item)
    store.delete_many(Item, [Equal("name", "taken")])
    names = [name for name, _ in commands.sent]
    store.close()

    assert names == ["insert", "update", "find", "find", "find", "find", "count", "find", "delete"]
    by_name = dict(reversed(commands.sent))
    assert "$or" not in str(commands.sent)
    assert "$and" not in str(commands.sent)
    for name in ("insert", "update", "delete"):
        assert by_name[name]["writeConcern"] == {"w": 1, "j": True}
    assert by_name["update"]["updates"][0]["q"] == {"_id": item.id}  # type: ignore[index]
    listed = by_name["find"]
    assert "$gte" in listed["filter"]["timestamp"]  # type: ignore[index]
    assert set(listed["projection"]) == {"rev", "body", "timestamp"}  # type: ignore[call-overload]
    assert by_name["count"].get("query") is None


def test_different_values_come_in_parts(mongo_server: MongoServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """MongoDB refuses an answer of more than 16 MiB; the server of the tests does not, so look at what is asked."""
    commands = overheard(monkeypatch)
    store = open_store(mongo_server.uri("parts"), (Item, Note))
    store.ensure_schema()
    store.insert_many([Item(name=f"{number:03}") for number in range(250)])
    commands.sent.clear()
    values = store.distinct(Item, "name", [Exists("name")])
    store.close()

    assert values == [f"{number:03}" for number in range(250)]
    assert [name for name, _ in commands.sent][:2] == ["aggregate", "getMore"]


def test_under_eventlet(mongo_server: MongoServer) -> None:
    """The process that serves the event stream replaces the standard library's blocking calls."""
    code = f"""
import eventlet
eventlet.monkey_patch()
from tests.conformance.storage_suite.items import Item, Note
from st2lite.storage.open import open_store
store = open_store({mongo_server.uri("eventlet")!r}, (Item, Note))
store.ensure_schema()
pool = eventlet.GreenPool()
list(pool.imap(lambda number: store.insert(Note(id=str(number))), range(20)))
print(store.count(Note), len(store.find(Note)))
store.close()
"""
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["20", "20"], done.stderr
