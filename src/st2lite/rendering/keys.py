"""The datastore as the API serves it: names, scopes, times to live, encryption."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import Any, Union

from st2lite.models.datastore import SYSTEM_SCOPE, USER_SCOPE, USER_SEPARATOR, KeyValuePair
from st2lite.models.errors import Conflict, CryptoError, Forbidden, InvalidInput, NotFound, StaleWrite
from st2lite.models.timestamps import from_epoch, now
from st2lite.rendering.crypto import KeyRing, require
from st2lite.rendering.datastore import is_expired, read_item
from st2lite.storage.contract import Equal, Filter, In, Order, Prefix, Range, Store, find_one, save

ALL_SCOPES = "all"
_SCOPES = {"system": SYSTEM_SCOPE, "user": USER_SCOPE, SYSTEM_SCOPE: SYSTEM_SCOPE, USER_SCOPE: USER_SCOPE}
_MAX_TTL = 10**10
"""Seconds; beyond this a timestamp no longer fits the calendar."""
_ATTEMPTS = 30
_PAUSE = 0.005
"""Seconds; writers of the same item wait up to this long, times their attempts so far."""


View = dict[str, Any]
OnChange = Callable[[Union[View, None], Union[View, None]], None]
"""Told of every write: the item as it was (None: there was none) and as it is now (None: it was deleted)."""


class Keys:
    """Reads and writes items on behalf of `caller`, the user who asks; `on_change` hears of every write.

    Every method takes `scope` (system, user, st2kv.system, st2kv.user; listing also all) and `user`, whose items are
    meant in the user scope: the caller's own unless given, and nobody else's. An item is shown as
    `{id, uid, name, value, secret, encrypted, scope, user?, description?, expire_timestamp?}`, where `encrypted` tells
    whether `value` is ciphertext.
    """

    def __init__(
        self, store: Store, crypto: KeyRing | None, on_change: OnChange = lambda _before, _after: None
    ) -> None:
        self._store = store
        self._crypto = crypto
        self._on_change = on_change

    def list(
        self,
        caller: str,
        scope: str = "system",
        user: str | None = None,
        *,
        prefix: str = "",
        name: str | None = None,
        ids: Sequence[str] = (),
        decrypt: bool = False,
        order: Sequence[Order] = (),
        limit: int | None = None,
        offset: int = 0,
    ) -> list[View]:
        """Items of a scope; of `all`, those of the system and then the user's, each with the same limit and offset."""
        _check_user(caller, user)
        scopes = (SYSTEM_SCOPE, USER_SCOPE) if scope == ALL_SCOPES else (full_scope(scope),)
        self._purge()
        found = []
        for full in scopes:
            own = f"{user or caller}{USER_SEPARATOR}" if full == USER_SCOPE else ""
            filters: list[Filter] = [Equal("scope", full)]
            if own or prefix:
                filters.append(Prefix("name", own + prefix))
            if name is not None:
                filters.append(Equal("name", own + name))
            if ids:
                filters.append(In("id", tuple(ids)))
            found += self._store.find(KeyValuePair, filters, order, limit, offset)
        return [self._view(item, decrypt) for item in found]

    def get(
        self, caller: str, name: str, scope: str | None = None, user: str | None = None, *, decrypt: bool = False
    ) -> View:
        """One item; raise `NotFound`. Naming a user implies the user scope."""
        return self._view(self._find(caller, name, scope, user), decrypt)

    def set(
        self,
        caller: str,
        name: str,
        value: Any,
        scope: str | None = None,
        user: str | None = None,
        *,
        secret: bool = False,
        encrypted: bool = False,
        ttl: int | None = None,
        description: str | None = None,
    ) -> View:
        """Create or replace an item; `ttl` is in seconds, `encrypted` says that `value` is ciphertext already."""
        full, stored = self._locate(caller, name, scope, user)
        text = self._stored_value(name, value, secret, encrypted)
        expires = None if ttl is None or ttl == 0 else from_epoch(time.time() + _checked_ttl(ttl))
        for attempt in range(_ATTEMPTS):
            found = find_one(self._store, KeyValuePair, Equal("scope", full), Equal("name", stored))
            before = self._view(found, decrypt=False) if found and not is_expired(found) else None
            item = found or KeyValuePair(name=stored, scope=full, value=text)
            item.value, item.secret, item.expire_timestamp = text, secret or encrypted, expires
            if description is not None:
                item.description = description
            try:
                save(self._store, item)
            except (StaleWrite, Conflict):  # somebody else wrote this very item: the last write wins
                time.sleep(random.uniform(0, _PAUSE * attempt))
                continue
            after = self._view(item, decrypt=False)
            self._on_change(before, after)
            return after
        raise Conflict(f'The item "{name}" is being changed by others all the time; try again.')

    def delete(self, caller: str, name: str, scope: str | None = None, user: str | None = None) -> None:
        """Remove an item; raise `NotFound` if there is none."""
        item = self._find(caller, name, scope, user)
        if not self._store.delete(KeyValuePair, item.id):
            raise _not_found(name, item.scope)
        self._on_change(self._view(item, decrypt=False), None)

    def _find(self, caller: str, name: str, scope: str | None, user: str | None) -> KeyValuePair:
        full, stored = self._locate(caller, name, scope, user)
        item = read_item(self._store, full, stored)
        if item is None:
            raise _not_found(name, full)
        return item

    def _locate(self, caller: str, name: str, scope: str | None, user: str | None) -> tuple[str, str]:
        """Full scope and stored name."""
        _check_user(caller, user)
        full = full_scope(scope or ("user" if user else "system"))
        if not name:
            raise InvalidInput("name: has to be text that is not empty.")
        return full, f"{user or caller}{USER_SEPARATOR}{name}" if full == USER_SCOPE else name

    def _stored_value(self, name: str, value: Any, secret: bool, encrypted: bool) -> str:
        if not isinstance(value, str):
            raise InvalidInput(
                f'value: the value of "{name}" has to be text, not {type(value).__name__}; write other values as JSON.'
            )
        try:
            if encrypted:
                require(self._crypto).decrypt(value)
                return value
            return require(self._crypto).encrypt(value) if secret else value
        except CryptoError as error:
            raise InvalidInput(f'value: "{name}" cannot be stored as a secret: {error.message}') from None

    def _view(self, item: KeyValuePair, decrypt: bool) -> View:
        value, encrypted = item.value, item.secret
        if decrypt and encrypted:
            try:
                value, encrypted = require(self._crypto).decrypt(value), False
            except CryptoError as error:
                raise InvalidInput(f'"{item.name}" cannot be decrypted: {error.message}') from None
        view: View = {"id": item.id, "uid": item.uid, "name": item.name, "value": value}
        view |= {"secret": item.secret, "encrypted": encrypted, "scope": item.scope}
        if item.scope == USER_SCOPE:
            view["user"], _, view["name"] = item.name.partition(USER_SEPARATOR)
        if item.description:
            view["description"] = item.description
        if item.expire_timestamp:
            view["expire_timestamp"] = item.expire_timestamp
        return view

    def _purge(self) -> None:
        """Remove expired items, so that pages and their limits count live ones only."""
        expired = [Range("expire_timestamp", lte=now())]
        while self._store.count(KeyValuePair, expired):
            self._store.delete_many(KeyValuePair, expired)


def full_scope(scope: str) -> str:
    """st2kv.system or st2kv.user; raise `InvalidInput` for anything else."""
    if scope not in _SCOPES:
        raise InvalidInput(f"Invalid scope: {scope}. Use system or user.")
    return _SCOPES[scope]


def _check_user(caller: str, user: str | None) -> None:
    if user and user != caller:
        raise Forbidden('"user" attribute can only be provided by admins when RBAC is enabled.')


def _checked_ttl(ttl: Any) -> int:
    if isinstance(ttl, bool) or not isinstance(ttl, int) or not 0 < ttl <= _MAX_TTL:
        raise InvalidInput(f"ttl: has to be a whole number of seconds from 1 to {_MAX_TTL}.")
    return ttl


def _not_found(name: str, scope: str) -> NotFound:
    return NotFound(f"KeyValuePair with name: {name} and scope: {scope} not found in db.")
