"""Datastore lookups in templates: `st2kv.system.name`, `st2kv.user.name`; read when, and only if, they are printed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from st2lite.models.datastore import SYSTEM_SCOPE, USER_SCOPE, USER_SEPARATOR, KeyValuePair
from st2lite.models.timestamps import now
from st2lite.storage.contract import Equal, Store, find_one


class Reader:
    """Reads items for one rendering; each of them at most once."""

    def __init__(self, store: Store, user: str) -> None:
        self._store = store
        self._user = user
        self._values: dict[tuple[str, str], str] = {}

    def value(self, scope: str, name: str) -> str:
        """Stored text of an item, ciphertext if it is secret; empty if there is no such item or it has expired."""
        key = (scope, name)
        if key not in self._values:
            stored = f"{self._user}{USER_SEPARATOR}{name}" if scope == USER_SCOPE else name
            item = read_item(self._store, scope, stored)
            self._values[key] = item.value if item else ""
        return self._values[key]

    def lookups(self) -> dict[str, Item]:
        """What templates see as `st2kv`."""
        return {"system": Item(self, SYSTEM_SCOPE, ""), "user": Item(self, USER_SCOPE, "")}


def read_item(store: Store, scope: str, stored_name: str) -> KeyValuePair | None:
    """The live item with this scope (full form) and stored name."""
    item = find_one(store, KeyValuePair, Equal("scope", scope), Equal("name", stored_name))
    return None if item is None or is_expired(item) else item


def is_expired(item: KeyValuePair) -> bool:
    """Tell whether an item counts as absent."""
    return item.expire_timestamp is not None and item.expire_timestamp <= now()


class Item:
    """A datastore item as templates see it: it behaves like its text, and deeper names are joined with dots.

    It has no public attributes, since any of them would hide an item of that name.
    """

    __slots__ = ("_name", "_reader", "_scope")

    def __init__(self, reader: Reader, scope: str, name: str) -> None:
        self._reader = reader
        self._scope = scope
        self._name = name

    @property
    def _path(self) -> str:
        return f"{self._scope}.{self._name}"

    def __getattr__(self, name: str) -> Item:
        if name.startswith("_"):  # copying, pickling and Jinja ask for special methods
            raise AttributeError(name)
        return self[name]

    def __getitem__(self, name: Any) -> Item:
        return Item(self._reader, self._scope, f"{self._name}.{name}" if self._name else str(name))

    def __str__(self) -> str:
        return self._reader.value(self._scope, self._name) if self._name else ""

    def __repr__(self) -> str:
        return f"<datastore item {self._path}>"

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other) if isinstance(other, (str, Item)) else NotImplemented

    def __hash__(self) -> int:
        return hash(str(self))

    def __bool__(self) -> bool:
        return bool(str(self))

    def __len__(self) -> int:
        return len(str(self))

    def __iter__(self) -> Iterator[str]:
        return iter(str(self))

    def __contains__(self, part: object) -> bool:
        return str(part) in str(self)

    def __int__(self) -> int:
        return int(str(self))

    def __float__(self) -> float:
        return float(str(self))

    def __add__(self, other: object) -> str:
        return str(self) + str(other)

    def __radd__(self, other: object) -> str:
        return str(other) + str(self)
