import pytest

from st2lite.models.access import Token
from st2lite.models.action import Action
from st2lite.models.execution import Snapshot
from st2lite.storage.cached import SECONDS, CachedStore
from st2lite.storage.contract import Equal, Order
from st2lite.storage.open import open_store


class Clock:
    seconds = 0.0

    def __call__(self):
        return self.seconds


class Counting:
    """Counts reads on their way to a real store."""

    def __init__(self, store):
        self._store = store
        self.reads = 0

    def __getattr__(self, name):
        if name in ("get", "find"):
            self.reads += 1
        return getattr(self._store, name)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def inner(tmp_path):
    store = open_store(f"sqlite://{tmp_path}/st2.db")
    store.ensure_schema()
    yield Counting(store)
    store.close()


@pytest.fixture
def store(inner, clock):
    return CachedStore(inner, clock)


@pytest.fixture
def action(inner):
    action = Action(name="a", pack="p", runner_type="noop")
    inner.insert(action)
    return action


def by_ref(store, ref="p.a"):
    return store.find(Action, (Equal("ref", ref),), limit=1)


def test_a_second_look_is_answered_from_memory_for_a_moment(store, inner, clock, action):
    for _ in range(3):
        assert by_ref(store)[0].id == action.id
        assert store.get(Action, action.id).name == "a"
    assert inner.reads == 2
    clock.seconds += SECONDS
    by_ref(store)
    assert inner.reads == 3


@pytest.mark.parametrize("write", ["replace", "delete", "delete_many", "insert", "insert_many"])
def test_a_write_is_seen_at_once(store, action, write):
    document = by_ref(store)[0]
    if write == "replace":
        document.description = "new"
        store.replace(document)
        assert by_ref(store)[0].description == "new"
    elif write == "delete":
        store.delete(Action, action.id)
        assert by_ref(store) == []
    elif write == "delete_many":
        store.delete_many(Action, (Equal("ref", "p.a"),))
        assert by_ref(store) == []
    else:
        other = Action(name="b", pack="p", runner_type="noop")
        assert by_ref(store, "p.b") == []
        store.insert(other) if write == "insert" else store.insert_many([other])
        assert by_ref(store, "p.b")[0].id == other.id


def test_what_is_missing_is_asked_for_again(store, inner):
    assert by_ref(store, "p.x") == []
    inner.insert(Action(name="x", pack="p", runner_type="noop"))
    assert len(by_ref(store, "p.x")) == 1


def test_changing_what_was_found_does_not_change_what_is_remembered(store, action):
    by_ref(store)[0].description = "scribble"
    assert by_ref(store)[0].description == ""
    assert by_ref(store)[0].rev == action.rev


def test_lists_and_other_documents_are_never_remembered(store, inner, action):
    for _ in range(2):
        store.find(Action)
        store.find(Action, (Equal("ref", "p.a"),), (Order("name"),), limit=1)
        store.get(Snapshot, "x")
    assert inner.reads == 6


def test_tokens_are_found_by_hash(store, inner):
    inner.insert(Token(token_hash="h", user="joe", expiry="2026-01-01T00:00:00.000000Z"))
    for _ in range(2):
        assert store.find(Token, [Equal("token_hash", "h")], limit=1)[0].user == "joe"
    assert inner.reads == 1


def test_a_large_count_is_remembered_for_a_moment_and_a_small_one_never(store, inner, clock, monkeypatch):
    monkeypatch.setattr("st2lite.storage.cached.LARGE_COUNT", 3)
    for number in range(4):
        inner.insert(Action(name=f"n{number}", pack="p", runner_type="noop"))
        assert store.count(Action) == min(number + 1, 3)
        assert store.count(Action, (Equal("name", "n0"),)) == 1
    clock.seconds += SECONDS
    assert store.count(Action) == 4
