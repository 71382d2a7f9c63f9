"""The token that the sensors of a container share."""

from __future__ import annotations

from st2lite.auth.tokens import Tokens
from st2lite.models.access import Token
from st2lite.reactor.sensors.access import Access
from st2lite.storage.contract import Store


def test_it_is_made_when_it_is_needed_and_only_once(store: Store) -> None:
    access = Access(Tokens(store))
    access.keep()
    assert store.count(Token) == 0
    assert access.token() == access.token()
    assert store.count(Token) == 1
    access.end()
    access.end()
    assert store.count(Token) == 0


def test_it_is_prolonged_after_half_of_its_life(store: Store) -> None:
    tokens = Tokens(store, service_ttl=1)
    access = Access(tokens)
    text = access.token()
    before = store.find(Token)[0].expiry
    access.keep()
    assert store.find(Token)[0].expiry == before
    while store.find(Token)[0].expiry == before:
        access.keep()
    assert tokens.check(text).user == "sensors_container"


def test_one_that_was_deleted_is_replaced(store: Store) -> None:
    access = Access(Tokens(store, service_ttl=1))
    first = access.token()
    (token,) = store.find(Token)
    store.delete(Token, token.id)
    while access.token() == first:
        access.keep()
    assert store.count(Token) == 1
