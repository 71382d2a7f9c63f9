"""Access tokens and action tokens."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from typing import Any

import pytest

from st2lite.auth.tokens import Tokens, shared_secret
from st2lite.models import statuses
from st2lite.models.access import Secret, Token, User
from st2lite.models.errors import InvalidInput, StoreUnavailable, Unauthorized
from st2lite.models.execution import Execution
from st2lite.models.ids import new_id
from st2lite.models.timestamps import from_epoch, to_epoch
from st2lite.storage.contract import Store


def make_execution(store: Store, status: str = statuses.RUNNING) -> Execution:
    execution = Execution(
        id=new_id(), action_ref="core.noop", action_snapshot="", runner_name="noop", runner_snapshot="",
        liveaction_id=new_id(), start_timestamp="2026-01-31T12:00:00.000000Z", status=status,
    )  # fmt: skip
    store.insert(execution)
    return execution


class TestTokens:
    def test_a_new_token_is_valid_for_its_user(self, store: Store) -> None:
        tokens = Tokens(store, ttl=100)
        token, text = tokens.create("ada", metadata={"a": 1})
        assert re.fullmatch("[0-9a-f]{32}", text)
        owner = tokens.check(text)
        assert (owner.user, owner.expiry, owner.service, owner.execution_id) == ("ada", token.expiry, False, None)
        assert 95 < to_epoch(token.expiry) - time.time() <= 100

    def test_only_a_digest_is_stored(self, store: Store) -> None:
        token, text = Tokens(store).create("ada")
        stored = store.get(Token, token.id)
        assert stored is not None
        assert stored.token_hash == hashlib.sha256(text.encode()).hexdigest()
        assert text not in repr(stored)

    def test_the_user_is_created_once(self, store: Store) -> None:
        tokens = Tokens(store)
        tokens.create("ada")
        tokens.create("ada")
        assert [user.id for user in store.find(User)] == ["ada"]

    def test_a_shorter_life_may_be_asked_for(self, store: Store) -> None:
        token, _ = Tokens(store, ttl=100).create("ada", ttl=10)
        assert 5 < to_epoch(token.expiry) - time.time() <= 10

    def test_a_longer_life_is_refused(self, store: Store) -> None:
        with pytest.raises(InvalidInput, match=r"^TTL specified 101 is greater than max allowed 100\.$"):
            Tokens(store, ttl=100).create("ada", ttl=101)

    @pytest.mark.parametrize("ttl", [0, -1])
    def test_a_life_without_length_is_refused(self, store: Store, ttl: int) -> None:
        with pytest.raises(InvalidInput, match="ttl"):
            Tokens(store).create("ada", ttl=ttl)

    def test_services_may_live_longer(self, store: Store) -> None:
        token, text = Tokens(store, ttl=100, service_ttl=50).create("sensor", ttl=1000, service=True)
        assert to_epoch(token.expiry) - time.time() > 900
        assert Tokens(store).check(text).service

    def test_the_token_of_a_service_lives_on_when_it_is_prolonged(self, store: Store) -> None:
        token, text = Tokens(store, service_ttl=50).create("sensors", service=True)
        prolonged = Tokens(store, service_ttl=500).prolong(token.id)
        assert prolonged is not None
        assert 400 < to_epoch(prolonged.expiry) - time.time() <= 500
        assert Tokens(store).check(text).expiry == prolonged.expiry

    def test_a_revoked_token(self, store: Store) -> None:
        tokens = Tokens(store)
        token, text = tokens.create("sensors", service=True)
        tokens.revoke(token.id)
        with pytest.raises(Unauthorized):
            tokens.check(text)
        assert tokens.prolong(token.id) is None

    def test_an_expired_token(self, store: Store) -> None:
        tokens = Tokens(store)
        token, text = tokens.create("ada")
        token.expiry = from_epoch(time.time() - 1)
        store.replace(token)
        with pytest.raises(Unauthorized, match=r"^Token has expired\.$"):
            tokens.check(text)

    @pytest.mark.parametrize("text", ["", "0" * 32, "act.", "act.x.y", "act.." * 5, "\ud800", "a" * 100_000])
    def test_what_is_no_token(self, store: Store, text: str) -> None:
        with pytest.raises(Unauthorized, match=r"^Unable to find matching token\.$"):
            Tokens(store).check(text)


class TestActionTokens:
    def test_it_is_valid_while_the_execution_goes_on(self, store: Store) -> None:
        tokens = Tokens(store)
        execution = make_execution(store)
        text = tokens.issue_action_token(execution.id, "ada lovelace ☃")
        owner = tokens.check(text)
        assert (owner.user, owner.expiry, owner.execution_id) == ("ada lovelace ☃", None, execution.id)

    @pytest.mark.parametrize("status", statuses.ALL)
    def test_it_ends_with_the_execution(self, store: Store, status: str) -> None:
        tokens = Tokens(store)
        text = tokens.issue_action_token(make_execution(store, status).id, "ada")
        if status in statuses.COMPLETED:
            with pytest.raises(Unauthorized, match="expired"):
                tokens.check(text)
        else:
            assert tokens.check(text).user == "ada"

    def test_another_process_of_the_installation_accepts_it(self, store: Store) -> None:
        text = Tokens(store).issue_action_token(make_execution(store).id, "ada")
        assert Tokens(store).check(text).user == "ada"

    def test_it_survives_headers_and_queries(self, store: Store) -> None:
        text = Tokens(store).issue_action_token(make_execution(store).id, "dömäin\\user name")
        assert re.fullmatch(r"[A-Za-z0-9._-]+", text)

    def test_an_unknown_execution(self, store: Store) -> None:
        tokens = Tokens(store)
        for identifier in (new_id(), "no-id"):
            with pytest.raises(Unauthorized):
                tokens.check(tokens.issue_action_token(identifier, "ada"))

    def test_nothing_of_it_can_be_changed(self, store: Store) -> None:
        tokens = Tokens(store)
        text = tokens.issue_action_token(make_execution(store).id, "ada")
        other = tokens.issue_action_token(make_execution(store).id, "eve")
        parts, other_parts = text.split("."), other.split(".")
        for position in (1, 2, 3):
            forged = [*parts]
            forged[position] = other_parts[position]
            with pytest.raises(Unauthorized):
                tokens.check(".".join(forged))

    def test_a_key_of_another_installation_signs_nothing_here(self, store: Store) -> None:
        tokens = Tokens(store)
        text = tokens.issue_action_token(make_execution(store).id, "ada")
        secret = store.find(Secret)[0]
        secret.value = "00" * 32
        store.replace(secret)
        assert tokens.check(text).user == "ada"
        with pytest.raises(Unauthorized):
            Tokens(store).check(text)

    def test_issuing_writes_nothing_but_the_first_key(self, store: Store) -> None:
        tokens = Tokens(store)
        tokens.issue_action_token(new_id(), "ada")
        store.close()
        assert tokens.issue_action_token(new_id(), "ada")


class TestSharedSecret:
    def test_all_who_ask_at_once_get_the_same(self, store: Store) -> None:
        values: list[str] = []
        start = threading.Barrier(8)

        def ask() -> None:
            start.wait()
            values.append(shared_secret(store, "key"))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(values) == 8
        assert len(set(values)) == 1
        assert len(bytes.fromhex(values[0])) == 32

    def test_the_loser_of_a_race_takes_the_winners(self, store: Store) -> None:
        class Late:
            """A store whose first look comes before somebody else's write."""

            def __init__(self) -> None:
                self._looked = False

            def get(self, kind: Any, identifier: str) -> Any:
                if not self._looked:
                    self._looked = True
                    store.insert(Secret(id=identifier, value="aa" * 32))
                    return None
                return store.get(kind, identifier)

            def insert(self, document: Any) -> None:
                store.insert(document)

        assert shared_secret(Late(), "key") == "aa" * 32  # type: ignore[arg-type]


def test_a_store_that_is_away_is_no_wrong_token(store: Store) -> None:
    class Away:
        def find(self, *_args: Any, **_named: Any) -> Any:
            raise StoreUnavailable("away")

    with pytest.raises(StoreUnavailable):
        Tokens(Away()).check("0" * 32)  # type: ignore[arg-type]
