"""What criteria and patterns can refer to: the payload of a trigger instance and the datastore."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from typing import Any

from st2lite.rendering import jsonpath
from st2lite.rendering.crypto import KEY_RING, KeyRing
from st2lite.rendering.datastore import Reader
from st2lite.storage.contract import Store

_PLAIN = re.compile(r"(?:trigger|item)(?:\.[A-Za-z_][\w-]*)*")
_DATASTORE = re.compile(r"(?:st2kv\.)?system(?:\.(?P<name>[^\[\]'\"]+)|\[(?P<quote>['\"])(?P<quoted>.+)(?P=quote)\])")


class Facts:
    """The payload of one trigger instance and the system items of the datastore, each of which is read at most once.

    Within `search` there is also the item at hand.
    """

    __slots__ = ("_crypto", "_reader", "roots")

    def __init__(self, payload: Any, reader: Reader, crypto: KeyRing | None) -> None:
        self.roots: dict[str, Any] = {"trigger": payload}
        self._reader = reader
        self._crypto = crypto

    @classmethod
    def of(cls, payload: Any, store: Store, crypto: KeyRing | None, user: str) -> Facts:
        """Facts of a payload; `user` is whose items of the user scope the datastore shows."""
        return cls(payload, Reader(store, user), crypto)

    def about(self, item: Any) -> Facts:
        """These facts with an item of a list."""
        facts = Facts(None, self._reader, self._crypto)
        facts.roots = {**self.roots, "item": item}
        return facts

    def system(self, name: str) -> str | None:
        """Value of a system item of the datastore; None if there is none."""
        return str(self._reader.lookups()["system"][name]) or None

    def variables(self, names: Iterable[str]) -> dict[str, Any]:
        """What a template that refers to `names` is rendered with."""
        found = {**self.roots, KEY_RING: self._crypto}
        if "st2kv" in names or "system" in names:
            lookups = self._reader.lookups()
            found |= {"st2kv": lookups, "system": lookups["system"]}
        return found


@functools.lru_cache(maxsize=4096)
def getter_of(key: str) -> Callable[[Facts], Any]:
    """The function that finds the value of a criteria key in facts: the first match of its path, None if there is none.

    Text behind a `#` only makes the key differ from another one. The function raises `RenderError` for what is no path.
    """
    path = key.partition("#")[0].strip()
    if _PLAIN.fullmatch(path):
        root, *names = path.split(".")
        return lambda facts: _walk(facts.roots.get(root), names)
    item = _DATASTORE.fullmatch(path)
    if item:
        name = item["name"] or item["quoted"]
        return lambda facts: facts.system(name)
    return lambda facts: next(iter(jsonpath.find(path, facts.roots)), None)


def _walk(value: Any, names: list[str]) -> Any:
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value
