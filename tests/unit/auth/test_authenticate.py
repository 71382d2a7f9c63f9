"""Who is calling, by all the ways there are to say so."""

from __future__ import annotations

import pytest

from st2lite.auth.api_keys import ApiKeys
from st2lite.auth.authenticate import Authenticator, Credentials, Identity
from st2lite.auth.tokens import Tokens
from st2lite.models.errors import Unauthorized
from st2lite.storage.contract import Store
from tests.unit.auth.test_auth_tokens import make_execution


class Callers:
    """One valid token or key per source, each of another user."""

    def __init__(self, store: Store) -> None:
        self.tokens, self.api_keys = Tokens(store), ApiKeys(store)
        self.authenticator = Authenticator(self.tokens, self.api_keys)
        self.sources = {
            "header_token": self._token("header_token"),
            "header_api_key": self._key("header_api_key"),
            "query_token": self._token("query_token"),
            "query_api_key": self._key("query_api_key"),
            "cookie_token": self._token("cookie_token"),
        }

    def _token(self, user: str) -> str:
        return self.tokens.create(user)[1]

    def _key(self, user: str) -> str:
        return str(self.api_keys.create(user, {})[1])


@pytest.fixture
def callers(store: Store) -> Callers:
    return Callers(store)


def test_the_first_source_wins(callers: Callers) -> None:
    remaining = dict(callers.sources)
    for name in callers.sources:
        assert callers.authenticator.authenticate(Credentials(**remaining)).user == name
        # An empty source does not count as one.
        remaining[name] = ""
    with pytest.raises(Unauthorized, match=r"^Unauthorized - One of Token or API key required\.$"):
        callers.authenticator.authenticate(Credentials(**remaining))


def test_a_wrong_first_source_is_not_mended_by_a_later_one(callers: Callers) -> None:
    presented = Credentials(**{**callers.sources, "header_token": "wrong"})
    with pytest.raises(Unauthorized, match=r"^Unauthorized - Unable to find matching token\.$"):
        callers.authenticator.authenticate(presented)


@pytest.mark.parametrize(
    ("source", "method", "location", "cookie"),
    [
        ("header_token", "authentication token", "header", True),
        ("header_api_key", "API key", "header", False),
        ("query_token", "authentication token", "query", True),
        ("query_api_key", "API key", "query", False),
        ("cookie_token", "authentication token", "cookie", False),
    ],
)
def test_how_the_caller_showed_it(callers: Callers, source: str, method: str, location: str, cookie: bool) -> None:
    text = callers.sources[source]
    identity = callers.authenticator.authenticate(Credentials(**{source: text}))
    assert (identity.user, identity.method, identity.location) == (source, method, location)
    assert identity.token == (text if cookie else None)
    assert (identity.token_expire is not None) == (method == "authentication token")
    assert text not in repr(identity)


def test_credentials_do_not_show_in_logs(callers: Callers) -> None:
    shown = repr(Credentials(**callers.sources))
    assert not any(text in shown for text in callers.sources.values())


def test_failures_say_why(callers: Callers) -> None:
    _, key = callers.api_keys.create("ada", {}, enabled=False)
    for presented, reason in (
        (Credentials(header_api_key="x"), "API key not found."),
        (Credentials(query_api_key=key), "API key is disabled."),
        (Credentials(cookie_token="x"), "Unable to find matching token."),
    ):
        with pytest.raises(Unauthorized) as failure:
            callers.authenticator.authenticate(presented)
        assert failure.value.message == f"Unauthorized - {reason}"


def test_an_action_token_becomes_no_cookie(callers: Callers, store: Store) -> None:
    execution = make_execution(store)
    text = callers.tokens.issue_action_token(execution.id, "ada")
    identity = callers.authenticator.authenticate(Credentials(header_token=text))
    assert (identity.user, identity.execution_id) == ("ada", execution.id)
    assert (identity.token, identity.token_expire) == (None, None)


def test_without_authentication_everybody_is_the_system_user(callers: Callers) -> None:
    authenticator = Authenticator(callers.tokens, callers.api_keys, enabled=False, system_user="stanley")
    assert authenticator.authenticate(Credentials(header_token="wrong")) == Identity("stanley")
