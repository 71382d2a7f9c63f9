"""A process that works on a store; tests run several of them: `python -m tests.conformance.storage_client URL ROLE …`.

Each line on its standard output is an acknowledgement: it is written after the store has returned.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import msgspec

from st2lite.models.errors import Conflict, StaleWrite, StoreUnavailable
from st2lite.storage.contract import Equal, Store, claim
from st2lite.storage.open import open_store
from tests.conformance.storage_suite.items import Item, Note

_ROOT = Path(__file__).parents[2]


def start(url: str, role: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a client; the test must wait for it, or kill it by its pid."""
    command = [sys.executable, "-m", "tests.conformance.storage_client", url, role, *map(str, arguments)]
    return subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True)


def end(client: subprocess.Popen[str]) -> None:
    """Kill a client unless it has ended."""
    client.kill()
    with client:
        pass


def acknowledge(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def sealed(serial: str, version: int) -> Item:
    """An item all of whose parts follow from its serial and version, so that a torn write shows."""
    item = Item(serial=serial)
    seal(item, version)
    return item


def seal(item: Item, version: int) -> None:
    digest = hashlib.sha256(f"{item.serial} {version}".encode()).hexdigest()
    item.shelf = version
    item.name = digest
    item.details = {"digest": digest}
    item.picture = msgspec.Raw(msgspec.json.encode([digest] * 40))


def is_whole(item: Item) -> bool:
    expected = sealed(item.serial or "", item.shelf or 0)
    parts = (item.name, item.details, bytes(item.picture))
    return parts == (expected.name, expected.details, bytes(expected.picture))


def claim_all(store: Store, name: str) -> None:
    """Claim free items until there are none; acknowledge the id of each."""

    def take(item: Item) -> None:
        item.name = name

    while store.count(Item, [Equal("name", "free")]):
        for item in claim(store, Item, [Equal("name", "free")], take, limit=5):
            acknowledge(item.id)


def increment(store: Store, identifier: str, times: str) -> None:
    """Raise a counter by compare-and-swap; acknowledge each new value."""
    done = 0
    while done < int(times):
        counter = store.get(Item, identifier)
        assert counter is not None
        counter.shelf = (counter.shelf or 0) + 1
        try:
            store.replace(counter)
        except StaleWrite:
            continue
        acknowledge(counter.shelf)
        done += 1


def take_names(store: Store, name: str, count: str) -> None:
    """Insert notes under ids that all clients want; acknowledge those that were got."""
    for number in range(int(count)):
        try:
            store.insert(Note(id=f"lock-{number}", text="locked"))
        except Conflict:
            continue
        acknowledge(f"lock-{number}")


def stream(store: Store, name: str, threads: str) -> None:
    """Insert items and change every other one, until killed or until the store is gone; acknowledge id and revision."""

    def work(thread: int) -> None:
        number = 0
        try:
            while True:
                item = sealed(f"{name}-{thread}-{number}", 1)
                store.insert(item)
                acknowledge(item.id, item.rev)
                if number % 2:
                    seal(item, 2)
                    store.replace(item)
                    acknowledge(item.id, item.rev)
                number += 1
        except StoreUnavailable:
            return

    workers = [threading.Thread(target=work, args=(thread,)) for thread in range(int(threads))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


_ROLES = {"claim": claim_all, "increment": increment, "take": take_names, "stream": stream}


def main() -> None:
    url, role, *arguments = sys.argv[1:]
    store = open_store(url, (Item, Note))
    try:
        _ROLES[role](store, *arguments)
    finally:
        store.close()


if __name__ == "__main__":
    main()
