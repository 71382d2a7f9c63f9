"""Who is calling: finds the credentials in a request and checks them.

Sources in the order they are tried; the first that is not empty decides, as in StackStorm.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from st2lite.auth.api_keys import ApiKeys
from st2lite.auth.tokens import Tokens
from st2lite.models.errors import Unauthorized

TOKEN_METHOD = "authentication token"
API_KEY_METHOD = "API key"
NO_SOURCE = "One of Token or API key required."


@dataclass(frozen=True)
class Credentials:
    """What a request presents, by source; None or empty when it does not."""

    header_token: str | None = field(default=None, repr=False)
    header_api_key: str | None = field(default=None, repr=False)
    query_token: str | None = field(default=None, repr=False)
    query_api_key: str | None = field(default=None, repr=False)
    cookie_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Identity:
    """The caller. `method` and `location` (header, query, cookie) say how they showed it; None: authentication is off.

    `token_expire` is a timestamp (None for API keys and action tokens). `token` is set when a browser may be handed it
    as a cookie: it came by header or query and lives for a known time.
    """

    user: str
    method: str | None = None
    location: str | None = None
    token_expire: str | None = None
    token: str | None = field(default=None, repr=False)
    execution_id: str | None = None


class Authenticator:
    """Turns credentials into an identity. With `enabled=False` every caller is `system_user`."""

    def __init__(self, tokens: Tokens, api_keys: ApiKeys, enabled: bool = True, system_user: str = "stanley") -> None:
        self._tokens = tokens
        self._api_keys = api_keys
        self._enabled = enabled
        self._system_user = system_user

    def authenticate(self, presented: Credentials) -> Identity:
        """Return who is calling, at the cost of one read; raise `Unauthorized` with the reason clients know."""
        if not self._enabled:
            return Identity(self._system_user)
        try:
            return self._identify(presented)
        except Unauthorized as error:
            raise Unauthorized(f"Unauthorized - {error.message}") from error

    def _identify(self, presented: Credentials) -> Identity:
        if presented.header_token:
            return self._by_token(presented.header_token, "header")
        if presented.header_api_key:
            return self._by_api_key(presented.header_api_key, "header")
        if presented.query_token:
            return self._by_token(presented.query_token, "query")
        if presented.query_api_key:
            return self._by_api_key(presented.query_api_key, "query")
        if presented.cookie_token:
            return self._by_token(presented.cookie_token, "cookie")
        raise Unauthorized(NO_SOURCE)

    def _by_token(self, text: str, location: str) -> Identity:
        owner = self._tokens.check(text)
        as_cookie = owner.expiry is not None and location != "cookie"
        return Identity(
            owner.user, TOKEN_METHOD, location, owner.expiry, text if as_cookie else None, owner.execution_id
        )

    def _by_api_key(self, key: str, location: str) -> Identity:
        return Identity(self._api_keys.check(key).user, API_KEY_METHOD, location)
