"""API keys: made once, shown once, kept as a hash that StackStorm's own would equal."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import Any

from st2lite.models import timestamps
from st2lite.models.access import ApiKey
from st2lite.models.errors import InvalidInput, NotFound, Unauthorized
from st2lite.models.ids import is_id, new_id
from st2lite.storage.contract import Equal, Order, Store, find_one
from st2lite.storage.lookups import find_now

NOT_FOUND = "API key not found."
DISABLED = "API key is disabled."
MASK = "********"

_SALT = "saltnpepper"
_KEY_BYTES = 64


def generate_key() -> str:
    """A new key: 64 random bytes as 86 letters and digits (safe in headers, queries and shells)."""
    letters = secrets.choice((b"rA", b"kZ", b"Wq", b"bM"))
    return base64.b64encode(secrets.token_bytes(_KEY_BYTES), altchars=letters).rstrip(b"=").decode()


def hash_key(key: str) -> str:
    """What is stored of a key: SHA-512 (hex) over a fixed salt and the key, so that keys can move from StackStorm."""
    return hashlib.sha512((_SALT + key).encode("utf-8", "replace")).hexdigest()


class ApiKeys:
    """Creates, checks and manages API keys."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def check(self, key: str) -> ApiKey:
        """The record of a key that a caller presents; raise `Unauthorized` if it is unknown or disabled."""
        record = self._find(key)
        if record is None:
            raise Unauthorized(NOT_FOUND)
        if not record.enabled:
            raise Unauthorized(DISABLED)
        return record

    def list(self, limit: int | None, offset: int) -> tuple[list[ApiKey], int]:
        """Keys in order of creation, and how many there are in all."""
        keys = self._store.find(ApiKey, order=[Order("id")], limit=limit, offset=offset)
        return keys, self._store.count(ApiKey)

    def get(self, id_or_key: str) -> ApiKey:
        """The record with this id, or of this key, as it is now; raise `NotFound`."""
        record = find_now(self._store, ApiKey, "id", id_or_key) if is_id(id_or_key) else None
        record = record or find_now(self._store, ApiKey, "key_hash", hash_key(id_or_key))
        if record is None:
            raise NotFound(f"ApiKey matching {id_or_key} for reference and id not found.")
        return record

    def create(
        self,
        user: str,
        metadata: dict[str, Any],
        enabled: bool = True,
        key_hash: str | None = None,
        identifier: str | None = None,
    ) -> tuple[ApiKey, str | None]:
        """Store a new key and return it with its text; with `key_hash` (a key moved from elsewhere) there is no text.

        Raises `Conflict` when the id or the hash exists already, `InvalidInput` for an id of another shape.
        """
        if identifier and not is_id(identifier):
            raise InvalidInput(f'id: "{identifier}" is no id; give 24 hexadecimal digits or leave it out.')
        key = None if key_hash else generate_key()
        record = ApiKey(
            id=identifier or new_id(),
            key_hash=key_hash or hash_key(key or ""),
            user=user,
            metadata=metadata,
            created_at=timestamps.now(),
            enabled=enabled,
        )
        self._store.insert(record)
        return record, key

    def update(
        self,
        id_or_key: str,
        user: str | None = None,
        metadata: dict[str, Any] | None = None,
        enabled: bool | None = None,
        key_hash: str | None = None,
    ) -> ApiKey:
        """Change what is given. `key_hash` may be absent, masked or the same; else raise `InvalidInput`."""
        record = self.get(id_or_key)
        if key_hash and key_hash not in (MASK, record.key_hash):
            raise InvalidInput("key_hash: the hash of an API key cannot be changed; delete the key and create another.")
        record.user = user or record.user
        record.metadata = record.metadata if metadata is None else metadata
        record.enabled = record.enabled if enabled is None else enabled
        self._store.replace(record)
        return record

    def delete(self, id_or_key: str) -> None:
        """Remove a key; raise `NotFound`."""
        self._store.delete(ApiKey, self.get(id_or_key).id)

    def disable_all(self, user: str) -> int:
        """Disable the keys of a user; return how many were enabled."""
        keys = [key for key in self._store.find(ApiKey, [Equal("user", user)]) if key.enabled]
        for key in keys:
            self.update(key.id, enabled=False)
        return len(keys)

    def _find(self, key: str) -> ApiKey | None:
        return find_one(self._store, ApiKey, Equal("key_hash", hash_key(key)))
