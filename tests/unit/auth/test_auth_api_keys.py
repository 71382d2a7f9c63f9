"""API keys."""

from __future__ import annotations

import hashlib
import re

import pytest

from st2lite.auth.api_keys import MASK, ApiKeys, generate_key, hash_key
from st2lite.models.access import ApiKey
from st2lite.models.errors import Conflict, InvalidInput, NotFound, Unauthorized
from st2lite.models.ids import new_id
from st2lite.storage.contract import Store


def test_the_shape_of_a_key() -> None:
    keys = {generate_key() for _ in range(50)}
    assert len(keys) == 50
    assert all(re.fullmatch("[A-Za-z0-9]{86}", key) for key in keys)


def test_the_hash_is_the_one_of_stackstorm() -> None:
    assert hash_key("key") == hashlib.sha512(b"saltnpepperkey").hexdigest()


class TestApiKeys:
    def test_a_new_key_is_valid_and_not_stored(self, store: Store) -> None:
        api_keys = ApiKeys(store)
        record, key = api_keys.create("ada", {"for": "bot"})
        assert key is not None
        assert api_keys.check(key).user == "ada"
        stored = store.get(ApiKey, record.id)
        assert stored is not None
        assert (stored.key_hash, stored.metadata, stored.enabled) == (hash_key(key), {"for": "bot"}, True)
        assert key not in repr(stored)

    def test_a_key_moved_from_elsewhere(self, store: Store) -> None:
        api_keys = ApiKeys(store)
        identifier = new_id()
        record, key = api_keys.create("ada", {}, key_hash=hash_key("old key"), identifier=identifier)
        assert (record.id, key) == (identifier, None)
        assert api_keys.check("old key").id == identifier

    def test_a_taken_hash_or_id_is_a_conflict(self, store: Store) -> None:
        api_keys = ApiKeys(store)
        record, _ = api_keys.create("ada", {}, key_hash="x")
        with pytest.raises(Conflict) as conflict:
            api_keys.create("eve", {}, key_hash="x")
        assert conflict.value.conflict_id == record.id
        with pytest.raises(Conflict):
            api_keys.create("eve", {}, identifier=record.id)

    def test_an_id_of_another_shape_is_refused(self, store: Store) -> None:
        with pytest.raises(InvalidInput, match='id: "mine"'):
            ApiKeys(store).create("ada", {}, identifier="mine")

    def test_a_disabled_key(self, store: Store) -> None:
        api_keys = ApiKeys(store)
        record, key = api_keys.create("ada", {}, enabled=False)
        assert key is not None
        with pytest.raises(Unauthorized, match=r"^API key is disabled\.$"):
            api_keys.check(key)
        api_keys.update(record.id, enabled=True)
        assert api_keys.check(key).enabled

    @pytest.mark.parametrize("key", ["", "unknown", "\ud800", "x" * 100_000])
    def test_an_unknown_key(self, store: Store, key: str) -> None:
        with pytest.raises(Unauthorized, match=r"^API key not found\.$"):
            ApiKeys(store).check(key)

    def test_it_is_found_by_id_and_by_key(self, store: Store) -> None:
        api_keys = ApiKeys(store)
        record, key = api_keys.create("ada", {})
        assert key is not None
        assert api_keys.get(record.id) == record == api_keys.get(key)
        with pytest.raises(NotFound, match=r"^ApiKey matching x for reference and id not found\.$"):
            api_keys.get("x")

    def test_listing(self, store: Store) -> None:
        api_keys = ApiKeys(store)
        records = [api_keys.create(f"user-{number}", {})[0] for number in range(4)]
        page, total = api_keys.list(limit=2, offset=1)
        assert ([record.id for record in page], total) == ([record.id for record in records[1:3]], 4)
        assert len(api_keys.list(limit=None, offset=0)[0]) == 4

    @pytest.mark.parametrize("given", [None, "", MASK, "same"])
    def test_update_leaves_the_hash_alone(self, store: Store, given: str | None) -> None:
        api_keys = ApiKeys(store)
        record, _ = api_keys.create("ada", {"a": 1}, key_hash="same")
        changed = api_keys.update(record.id, user="eve", metadata={"b": 2}, enabled=False, key_hash=given)
        stored = store.get(ApiKey, record.id)
        assert stored == changed
        assert (changed.user, changed.metadata, changed.enabled, changed.key_hash) == ("eve", {"b": 2}, False, "same")

    def test_update_keeps_what_is_not_given(self, store: Store) -> None:
        api_keys = ApiKeys(store)
        record, _ = api_keys.create("ada", {"a": 1})
        changed = api_keys.update(record.id)
        assert (changed.user, changed.metadata, changed.enabled) == ("ada", {"a": 1}, True)

    def test_another_hash_is_refused(self, store: Store) -> None:
        api_keys = ApiKeys(store)
        record, _ = api_keys.create("ada", {})
        with pytest.raises(InvalidInput, match="key_hash"):
            api_keys.update(record.id, key_hash="other")

    def test_delete(self, store: Store) -> None:
        api_keys = ApiKeys(store)
        record, key = api_keys.create("ada", {})
        assert key is not None
        api_keys.delete(key)
        assert store.get(ApiKey, record.id) is None
        with pytest.raises(NotFound):
            api_keys.delete(record.id)
