"""Many threads on one store."""

from __future__ import annotations

import threading
from collections.abc import Callable

from st2lite.models.errors import Conflict, StaleWrite
from st2lite.storage.contract import Equal, claim
from tests.conformance.storage_suite.items import Database, Item, ready

_THREADS = 8


def together(work: Callable[[int], None], threads: int = _THREADS) -> None:
    """Run `work(number)` in threads that start at the same moment; raise the first error of any."""
    barrier = threading.Barrier(threads)
    failures: list[BaseException] = []

    def run(number: int) -> None:
        try:
            barrier.wait()
            work(number)
        except BaseException as error:
            failures.append(error)

    started = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    if failures:
        raise failures[0]


class ThreadConformance:
    """See the package."""

    def test_the_conflict_of_one_thread_does_not_touch_the_others(self, database: Database) -> None:
        store = ready(database)
        conflicts: list[str | None] = []

        def work(number: int) -> None:
            for turn in range(20):
                store.insert(Item(name=f"own-{number}"))
                try:
                    store.insert(Item(serial=f"shared-{turn}"))
                except Conflict as error:
                    conflicts.append(error.conflict_id)

        together(work)
        for number in range(_THREADS):
            assert store.count(Item, [Equal("name", f"own-{number}")]) == 20
        shared = [item for item in store.find(Item) if item.serial]
        assert len(shared) == 20
        assert len(conflicts) == 20 * (_THREADS - 1)
        assert set(conflicts) == {item.id for item in shared}

    def test_no_increment_is_lost(self, database: Database) -> None:
        store = ready(database)
        store.insert(Item(id="counter", shelf=0))

        def work(_: int) -> None:
            done = 0
            while done < 10:
                counter = store.get(Item, "counter")
                assert counter is not None
                counter.shelf = (counter.shelf or 0) + 1
                try:
                    store.replace(counter)
                except StaleWrite:
                    continue
                done += 1

        together(work)
        counter = store.get(Item, "counter")
        assert counter is not None
        assert (counter.shelf, counter.rev) == (10 * _THREADS, 10 * _THREADS + 1)

    def test_no_claim_is_won_twice(self, database: Database) -> None:
        store = ready(database)
        store.insert_many([Item(name="free") for _ in range(60)])
        won: list[str] = []

        def work(number: int) -> None:
            def take(item: Item) -> None:
                item.name = f"taken by {number}"

            while store.count(Item, [Equal("name", "free")]):
                won.extend(item.id for item in claim(store, Item, [Equal("name", "free")], take, limit=4))

        together(work)
        assert len(won) == 60
        assert len(set(won)) == 60
