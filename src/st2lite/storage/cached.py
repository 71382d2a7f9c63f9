"""A store that remembers, for a moment, the few documents that every request asks for.

Finding an action, its runner type and the caller's token costs three round trips per request, for documents that hardly
ever change. Such reads (one document, by `id` or by an equality) are answered from memory for up to `SECONDS`. A write
through this store is seen by it at once; one by another process, after `SECONDS` at the latest. Large counts are
remembered as well: lists ask for their total each time, and a database counts them one by one.
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
from st2lite.storage.contract import Equal, Filter, Order, Store, find_one

D = TypeVar("D", bound=Document)

SECONDS = 1.0
KINDS: frozenset[type[Document]] = frozenset({Action, RunnerType, Token, ApiKey})
LARGE_COUNT = 1000
"""From here on a count is remembered, too: to page through a long list nobody needs the total of this very instant."""

_CAPACITY = 1000


class CachedStore:
    """Wraps a store; see `storage.contract.Store` for the methods. Safe to use from many threads."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._found: dict[type[Document], dict[Any, tuple[float, Document]]] = {kind: {} for kind in KINDS}
        self._counts: dict[Any, tuple[float, int]] = {}
        self.ensure_schema = store.ensure_schema
        self.distinct = store.distinct
        self.ping = store.ping
        self.close = store.close

    def insert(self, document: Document) -> None:
        self._store.insert(document)
        self._forget(type(document))

    def insert_many(self, documents: Sequence[Document]) -> None:
        self._store.insert_many(documents)
        for kind in {type(document) for document in documents}:
            self._forget(kind)

    def replace(self, document: Document) -> None:
        try:
            self._store.replace(document)
        finally:
            self._forget(type(document))

    def delete(self, kind: type[Document], identifier: str, rev: int | None = None) -> bool:
        try:
            return self._store.delete(kind, identifier, rev)
        finally:
            self._forget(kind)

    def delete_many(self, kind: type[Document], filters: Sequence[Filter], limit: int = 1000) -> int:
        try:
            return self._store.delete_many(kind, filters, limit)
        finally:
            self._forget(kind)

    def get(self, kind: type[D], identifier: str) -> D | None:
        if kind not in KINDS:
            return self._store.get(kind, identifier)
        return self._remembered(kind, identifier, lambda: self._store.get(kind, identifier))

    def find(
        self,
        kind: type[D],
        filters: Sequence[Filter] = (),
        order: Sequence[Order] = (),
        limit: int | None = None,
        offset: int = 0,
        large: bool = True,
    ) -> list[D]:
        if kind not in KINDS or limit != 1 or offset or order or len(filters) != 1 or type(filters[0]) is not Equal:
            return self._store.find(kind, filters, order, limit, offset, large)

        document = self._remembered(kind, filters[0], lambda: find_one(self._store, kind, *filters))
        return [] if document is None else [document]

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

    def _remembered(self, kind: type[D], key: Any, look: Callable[[], D | None]) -> D | None:
        known = self._found[kind].get(key)
        if known is not None and known[0] > self._clock():
            return copy.copy(known[1])  # type: ignore[return-value]  # documents lie under their own kind
        generation = self._found[kind]
        document = look()
        if document is None:  # what is missing now may be there the next moment: never remembered
            return None
        with self._lock:
            # A write that came in between has put a new map in place; what was read before it stays in the old one.
            if len(generation) >= _CAPACITY:
                generation.clear()
            generation[key] = (self._clock() + SECONDS, document)
        return copy.copy(document)

    def _forget(self, kind: type[Document]) -> None:
        if kind in KINDS:
            with self._lock:
                self._found[kind] = {}
