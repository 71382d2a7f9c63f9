"""Eight processes on one database, for both backends: compare-and-swap lets exactly one of them win."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from st2lite.storage.contract import Equal, Store
from st2lite.storage.open import open_store
from tests.conformance.storage_client import start
from tests.conformance.storage_suite.items import Item, Note

CLIENTS = 8
_numbers = itertools.count()


@pytest.fixture(params=["sqlite", "mongodb"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite://{tmp_path}/st2.db"
    uri: str = request.getfixturevalue("mongo_server").uri(f"processes{next(_numbers)}")
    return uri


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = open_store(url, (Item, Note))
    store.ensure_schema()
    yield store
    store.close()


def acknowledged(clients: list[subprocess.Popen[str]]) -> list[list[str]]:
    """What each client acknowledged; all of them must end well."""
    lines = [client.communicate(timeout=300)[0].split() for client in clients]
    assert [client.returncode for client in clients] == [0] * len(clients)
    return lines


def test_no_claim_is_won_twice(url: str, store: Store) -> None:
    items = [Item(name="free") for _ in range(160)]
    store.insert_many(items)
    won = acknowledged([start(url, "claim", f"taken by {number}") for number in range(CLIENTS)])
    everything = [identifier for lines in won for identifier in lines]
    assert len(everything) == len(set(everything))
    assert set(everything) == {item.id for item in items}
    for number, lines in enumerate(won):
        assert {item.id for item in store.find(Item, [Equal("name", f"taken by {number}")])} == set(lines)
    assert {item.rev for item in store.find(Item)} == {2}


def test_no_increment_is_lost(url: str, store: Store) -> None:
    store.insert(Item(id="counter", shelf=0))
    values = acknowledged([start(url, "increment", "counter", 15) for _ in range(CLIENTS)])
    assert sorted(int(value) for lines in values for value in lines) == list(range(1, 15 * CLIENTS + 1))
    counter = store.get(Item, "counter")
    assert counter is not None
    assert (counter.shelf, counter.rev) == (15 * CLIENTS, 15 * CLIENTS + 1)


def test_an_id_is_given_to_one_only(url: str, store: Store) -> None:
    got = acknowledged([start(url, "take", number, 40) for number in range(CLIENTS)])
    assert sorted(lock for lines in got for lock in lines) == sorted(f"lock-{number}" for number in range(40))
    assert store.count(Note) == 40
