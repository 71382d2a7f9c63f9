"""A store that remembers, for a moment, the few documents that every request asks for.

Finding an action, its runner type and the caller's token costs three round trips per request, for documents that hardly
ever change. Such reads (by `id`, or by equalities) are answered from memory for up to `SECONDS`. What is missing is
never remembered. A write through this store is seen by it at once; one by another process, when `forget` is called or
after `SECONDS` at the latest: whoever is going to change something reads it with `lookups.find_now` or `list_now`.

Large counts are remembered, too: lists ask for their total each time, and a database counts them one by one.
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from st2lite.models.access import ApiKey, Token
from st2lite.models.action import Action, RunnerType
from st2lite.models.document import Document
from st2lite.models.rule import Rule
from st2lite.models.trigger import Trigger, TriggerType
from st2lite.storage.contract import Equal, Filter, Order, Store, UpTo

D = TypeVar("D", bound=Document)

SECONDS = 1.0
KINDS: frozenset[type[Document]] = frozenset({Action, RunnerType, Token, ApiKey, Rule, Trigger, TriggerType})
LARGE_COUNT = 1000
"""From here on a count is remembered, too: to page through a long list nobody needs the total of this very instant."""

_CAPACITY = 1000


class CachedStore:
    """Wraps a store; see `storage.contract.Store` for the methods. Safe to use from many threads."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._found: dict[type[Document], dict[Any, tuple[float, list[Any]]]] = {kind: {} for kind in KINDS}
        self._counts: dict[Any, tuple[float, int]] = {}
        self._listeners: dict[type[Document], list[Callable[[], None]]] = {}
        self.ensure_schema = store.ensure_schema
        self.schema = store.schema
        self.forget_schema = store.forget_schema
        self.distinct = store.distinct
        self.ping = store.ping
        self.close = store.close

    def insert(self, document: Document) -> None:
        self._store.insert(document)
        self.forget(type(document))

    def insert_many(self, documents: Sequence[Document]) -> None:
        self._store.insert_many(documents)
        for kind in {type(document) for document in documents}:
            self.forget(kind)

    def replace(self, document: Document) -> None:
        try:
            self._store.replace(document)
        finally:
            self.forget(type(document))

    def update(self, documents: Sequence[D], attribute: str) -> list[D]:
        try:
            return self._store.update(documents, attribute)
        finally:
            for kind in {type(document) for document in documents}:
                self.forget(kind)

    def delete(self, kind: type[Document], identifier: str, rev: int | None = None) -> bool:
        try:
            return self._store.delete(kind, identifier, rev)
        finally:
            self.forget(kind)

    def delete_many(self, kind: type[Document], filters: Sequence[Filter], limit: int = 1000) -> int:
        try:
            return self._store.delete_many(kind, filters, limit)
        finally:
            self.forget(kind)

    def get(self, kind: type[D], identifier: str) -> D | None:
        if kind not in KINDS:
            return self._store.get(kind, identifier)
        found = self._remembered(kind, identifier, lambda: _listed(self._store.get(kind, identifier)))
        return found[0] if found else None

    def find(
        self,
        kind: type[D],
        filters: Sequence[Filter] = (),
        order: Sequence[Order] = (),
        limit: int | None = None,
        offset: int = 0,
        large: bool | UpTo = True,
    ) -> list[D]:
        if kind not in KINDS or limit not in (None, 1) or offset or order or not _is_equality(filters):
            return self._store.find(kind, filters, order, limit, offset, large)
        return self._remembered(kind, (limit, *filters), lambda: self._store.find(kind, filters, limit=limit))

    def count(self, kind: type[Document], filters: Sequence[Filter] = ()) -> int:
        key = (kind, *filters)
        known = self._counts.get(key)
        if known is not None and known[0] > self._clock():
            return known[1]
        count = self._store.count(kind, filters)
        if count >= LARGE_COUNT:
            with self._lock:
                if len(self._counts) >= _CAPACITY:
                    self._counts.clear()
                self._counts[key] = (self._clock() + SECONDS, count)
        return count

    def _remembered(self, kind: type[D], key: Any, look: Callable[[], list[D]]) -> list[D]:
        known = self._found[kind].get(key)
        if known is not None and known[0] > self._clock():
            return [copy.copy(document) for document in known[1]]
        generation = self._found[kind]
        found = look()
        if not found:  # what is missing now may be there the next moment: never remembered
            return []
        with self._lock:
            # A write that came in between has put a new map in place; what was read before it stays in the old one.
            if len(generation) >= _CAPACITY:
                generation.clear()
            generation[key] = (self._clock() + SECONDS, found)
        return [copy.copy(document) for document in found]

    def forget(self, kind: type[Document]) -> None:
        """Read documents of this kind anew: another process has written one."""
        if kind in KINDS:
            with self._lock:
                self._found[kind] = {}
        for listener in self._listeners.get(kind, ()):
            listener()

    def on_write(self, kind: type[Document], listener: Callable[[], None]) -> None:
        """Call `listener` whenever a document of this kind was written here, or elsewhere and `forget` is told so."""
        self._listeners.setdefault(kind, []).append(listener)


def _listed(document: D | None) -> list[D]:
    return [] if document is None else [document]


def _is_equality(filters: Sequence[Filter]) -> bool:
    return bool(filters) and all(type(condition) is Equal for condition in filters)
