"""Logging in: from a user name and password to a token."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from st2lite.auth.passwords import INVALID, PasswordBackend
from st2lite.auth.tokens import Tokens
from st2lite.models.access import Token, User
from st2lite.models.errors import InvalidInput, Unauthorized
from st2lite.storage.contract import Store


@dataclass(frozen=True)
class LoginRequest:
    """What a caller sends: the `Authorization` header, the user a proxy vouches for, and what kind of token it wants.

    A service may ask for a token of another user: `impersonate_user`, which is a user name, or a nickname if
    `nickname_origin` (for example `slack`) is given. `ttl` is in seconds.
    """

    authorization: str | None = None
    remote_user: str | None = None
    ttl: int | None = None
    impersonate_user: str | None = None
    nickname_origin: str | None = None


class Login:
    """Issues tokens. Without a `backend` (mode `proxy`) the proxy before this service has checked the password."""

    def __init__(self, store: Store, tokens: Tokens, backend: PasswordBackend | None) -> None:
        self._store = store
        self._tokens = tokens
        self._backend = backend

    def log_in(self, request: LoginRequest) -> tuple[Token, str]:
        """Return a new token and its text.

        Raises `Unauthorized` for missing or wrong credentials, `InvalidInput` for a `ttl` or an impersonation that is
        not allowed.
        """
        user = self._caller(request)
        if request.impersonate_user:
            user = self._impersonate(user, request.impersonate_user, request.nickname_origin)
        return self._tokens.create(user, request.ttl)

    def _caller(self, request: LoginRequest) -> str:
        if self._backend is None:
            user = request.remote_user or (_basic(request.authorization) or ("", ""))[0]
            if not user:
                raise Unauthorized(INVALID)
            return user
        credentials = _basic(request.authorization)
        if credentials is None:
            raise Unauthorized(INVALID)
        self._backend.verify(*credentials)
        return credentials[0]

    def _impersonate(self, caller: str, wanted: str, origin: str | None) -> str:
        record = self._store.get(User, caller)
        if record is None or not record.is_service:
            raise InvalidInput("Current user is not a service and cannot request impersonated tokens.")
        if origin:
            # Rare, and users are few: not worth an index of its own.
            for user in self._store.find(User):
                if user.nicknames.get(origin) == wanted:
                    return user.id
        elif self._store.get(User, wanted) is not None:
            return wanted
        raise InvalidInput(f"impersonate_user: could not locate user {wanted}; it must have logged in once.")


def _basic(header: str | None) -> tuple[str, str] | None:
    """User and password of a Basic `Authorization` header; None if it is missing, of another kind or malformed."""
    kind, _, payload = (header or "").strip().partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(payload.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return (user, password) if user and colon else None
