"""The policies that are held in memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from st2lite.models.errors import StoreUnavailable
from st2lite.models.policy import CONCURRENCY, RETRY, Policy
from st2lite.policies.index import SECONDS, PolicyIndex
from st2lite.storage.cached import CachedStore
from st2lite.storage.open import open_store
from tests.processes import PATIENCE


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CachedStore]:
    store = CachedStore(open_store(f"sqlite://{tmp_path}/st2.db"))
    store.ensure_schema()
    yield store
    store.close()


def policy(name: str = "few", kind: str = CONCURRENCY, **parameters: object) -> Policy:
    return Policy(name=name, resource_ref="core.local", policy_type=kind, parameters=parameters)


def test_a_write_here_is_seen_at_once(store: CachedStore) -> None:
    index = PolicyIndex(store, clock=lambda: 0.0)
    store.on_write(Policy, index.forget)
    assert index.of("core.local").limits == ()
    written = policy(threshold=2)
    store.insert(written)
    assert [limit.threshold for limit in index.of("core.local").limits] == [2]
    written.enabled = False
    store.replace(written)
    assert index.of("core.local").limits == ()
    written.enabled = True
    store.replace(written)
    store.delete(Policy, written.id)
    assert index.of("core.local").limits == ()


def test_a_write_elsewhere_is_seen_after_a_second(store: CachedStore) -> None:
    now = [0.0]
    index = PolicyIndex(store, clock=lambda: now[0])
    assert index.of("core.local").retries == ()
    store.insert(policy("again", RETRY, retry_on="timeout", delay=0.5))
    now[0] = SECONDS / 2
    assert index.of("core.local").retries == ()
    now[0] = SECONDS
    (retry,) = index.of("core.local").retries
    assert (retry.status, retry.most, retry.delay) == ("timeout", 2, 500)


def test_a_policy_that_cannot_be_used_harms_no_other(store: CachedStore, caplog: pytest.LogCaptureFixture) -> None:
    store.insert_many([policy("broken"), policy("good", threshold=1)])
    assert [limit.policy for limit in PolicyIndex(store).of("core.local").limits] == ["default.good"]
    assert 'Policy "default.broken" has no effect' in caplog.text


def test_a_store_that_is_away_is_asked_again(store: CachedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    index = PolicyIndex(store, clock=lambda: 0.0)
    store.insert(policy(threshold=1))
    with monkeypatch.context() as patch:

        def away(*_: object) -> list[Policy]:
            raise StoreUnavailable("away")

        patch.setattr(store, "find", away)
        with pytest.raises(StoreUnavailable):
            index.of("core.local")
    assert len(index.of("core.local").limits) == 1


class Slow:
    """A store whose first answer is held back until it is released; `asked` is set when it was asked."""

    def __init__(self, store: CachedStore) -> None:
        self._store = store
        self.asked, self.released = threading.Event(), threading.Event()

    def find(self, kind: type[Policy]) -> list[Policy]:
        found = self._store.find(kind)
        self.asked.set()
        assert self.released.wait(PATIENCE)
        return found


def test_nobody_goes_on_without_the_policies_while_they_are_read(store: CachedStore) -> None:
    store.insert(policy(threshold=1))
    slow = Slow(store)
    index = PolicyIndex(slow, clock=lambda: 0.0)  # type: ignore[arg-type]
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(index.of, "core.local")
        assert slow.asked.wait(PATIENCE)
        second = pool.submit(index.of, "core.local")
        with pytest.raises(TimeoutError):
            second.result(timeout=0.2)
        slow.released.set()
        assert [len(answer.result(PATIENCE).limits) for answer in (first, second)] == [1, 1]


def test_what_is_written_while_the_policies_are_read_is_not_missed(store: CachedStore) -> None:
    slow = Slow(store)
    index = PolicyIndex(slow, clock=lambda: 0.0)  # type: ignore[arg-type]
    with ThreadPoolExecutor(1) as pool:
        pool.submit(index.of, "core.local")
        assert slow.asked.wait(PATIENCE)
        store.insert(policy(threshold=1))
        index.forget()
        slow.released.set()
    assert len(index.of("core.local").limits) == 1
