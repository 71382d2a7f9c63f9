"""Access tokens: those a user asks for, and those an action gets while it runs.

A user's token is 32 hexadecimal digits, of which only the SHA-256 is stored. An action token is not stored at all: it
names an execution and a user, is signed with a key that the services of one installation share, and counts for as long
as the execution has not ended. Thus an execution costs no write for its token, and an ended one leaves none to revoke.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from typing import Any

from st2lite.models import statuses
from st2lite.models.access import Secret, Token, User
from st2lite.models.errors import Conflict, InvalidInput, StaleWrite, Unauthorized
from st2lite.models.execution import Execution
from st2lite.models.ids import is_id, new_id
from st2lite.models.timestamps import from_epoch, to_epoch
from st2lite.storage.contract import Equal, Store, find_one

NOT_FOUND = "Unable to find matching token."
EXPIRED = "Token has expired."

_SECRET_NAME = "action-tokens"
_ACTION_TOKEN = "act"
_SECRET_BYTES = 32


@dataclass(frozen=True)
class TokenOwner:
    """Whom a valid token stands for. `expiry` is a timestamp, or None for an action token: its execution ends it."""

    user: str
    expiry: str | None
    service: bool = False
    execution_id: str | None = None


class Tokens:
    """Issues and checks tokens. Both times to live are in seconds."""

    def __init__(self, store: Store, ttl: int = 86400, service_ttl: int = 86400) -> None:
        self._store = store
        self._ttl = ttl
        self._service_ttl = service_ttl
        self._key: bytes | None = None

    def create(
        self, user: str, ttl: int | None = None, metadata: dict[str, Any] | None = None, service: bool = False
    ) -> tuple[Token, str]:
        """Store a new token for a user (who is created if unknown); return it with its text, which is not kept.

        Without `ttl` the token lives as long as is allowed. Raises `InvalidInput` for a `ttl` below 1 or above that;
        a service may ask for any.
        """
        longest = self._service_ttl if service else self._ttl
        if ttl is not None and ttl < 1:
            raise InvalidInput(f"ttl: {ttl} is not possible; give the seconds that the token shall live, at least 1.")
        if ttl is not None and ttl > longest and not service:
            raise InvalidInput(f"TTL specified {ttl} is greater than max allowed {longest}.")
        self._ensure_user(user)
        text = secrets.token_hex(16)
        token = Token(
            id=new_id(),
            token_hash=_digest(text),
            user=user,
            expiry=from_epoch(time.time() + (ttl or longest)),
            metadata=metadata or {},
            service=service,
        )
        self._store.insert(token)
        return token, text

    def check(self, text: str) -> TokenOwner:
        """Tell whom a token of either kind stands for; raise `Unauthorized` if it is unknown or has expired."""
        if text.startswith(f"{_ACTION_TOKEN}."):
            return self._check_action_token(text)
        token = find_one(self._store, Token, Equal("token_hash", _digest(text)))
        if token is None:
            raise Unauthorized(NOT_FOUND)
        if to_epoch(token.expiry) <= time.time():
            raise Unauthorized(EXPIRED)
        return TokenOwner(token.user, token.expiry, token.service)

    def prolong(self, identifier: str) -> Token | None:
        """Let the token of a service live as long again as a new one would; None if there is no such token."""
        token = self._store.get(Token, identifier)
        if token is None:
            return None
        token.expiry = from_epoch(time.time() + self._service_ttl)
        try:
            self._store.replace(token)
        except StaleWrite:  # deleted a moment ago: nobody else changes one
            return None
        return token

    def revoke(self, identifier: str) -> None:
        """Delete a stored token."""
        self._store.delete(Token, identifier)

    def revoke_all(self, user: str) -> int:
        """Delete all stored tokens of a user; return how many there were."""
        count = 0
        while deleted := self._store.delete_many(Token, [Equal("user", user)]):
            count += deleted
        return count

    def issue_action_token(self, execution_id: str, user: str) -> str:
        """Text of a token with the rights of `user`, valid until the execution has ended. Writes nothing."""
        claim = f"{_ACTION_TOKEN}.{execution_id}.{_encode(user.encode())}"
        return f"{claim}.{self._sign(claim)}"

    def _check_action_token(self, text: str) -> TokenOwner:
        claim, _, signature = text.rpartition(".")
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), self._sign(claim).encode()):
            raise Unauthorized(NOT_FOUND)
        # Signed by us, so it has the shape we gave it.
        _, execution_id, user = claim.split(".")
        execution = self._store.get(Execution, execution_id) if is_id(execution_id) else None
        if execution is None:
            raise Unauthorized(NOT_FOUND)
        if execution.status in statuses.COMPLETED:
            raise Unauthorized(EXPIRED)
        return TokenOwner(_decode(user).decode(), None, execution_id=execution_id)

    def _sign(self, claim: str) -> str:
        if self._key is None:
            self._key = bytes.fromhex(shared_secret(self._store, _SECRET_NAME))
        return _encode(hmac.digest(self._key, claim.encode("utf-8", "replace"), "sha256"))

    def _ensure_user(self, name: str) -> None:
        if self._store.get(User, name) is None:
            with contextlib.suppress(Conflict):  # another request was quicker
                self._store.insert(User(id=name))


def shared_secret(store: Store, name: str) -> str:
    """The secret of this name as hex text; generated at first use, the same for all who ask, however many at once."""
    secret = store.get(Secret, name)
    if secret is None:
        secret = Secret(id=name, value=secrets.token_hex(_SECRET_BYTES))
        try:
            store.insert(secret)
        except Conflict:
            secret = store.get(Secret, name)
            assert secret is not None  # noqa: S101 - a secret is never deleted
    return secret.value


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise Unauthorized(NOT_FOUND) from error
