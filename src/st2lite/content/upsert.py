"""Bring stored documents in line with those read from files: ids stay, and what is equal is not written again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from st2lite.models.document import Document
from st2lite.models.errors import Conflict, StaleWrite
from st2lite.storage.contract import Filter, Store
from st2lite.storage.lookups import list_now

D = TypeVar("D", bound=Document)

_ATTEMPTS = 5


def upsert(
    store: Store,
    kind: type[D],
    wanted: Sequence[D],
    key: Callable[[D], Any],
    filters: Sequence[Filter] = (),
    keep: Callable[[D, D], None] | None = None,
) -> None:
    """Insert or replace documents; two with the same `key` are the same thing, `filters` finds those stored already.

    `keep(document, stored)` may carry something over from the stored one. Safe when several processes do it at once.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _upsert(store, kind, wanted, key, filters, keep)
        except (Conflict, StaleWrite):
            if attempt == _ATTEMPTS:
                raise
        else:
            return


def _upsert(
    store: Store,
    kind: type[D],
    wanted: Sequence[D],
    key: Callable[[D], Any],
    filters: Sequence[Filter],
    keep: Callable[[D, D], None] | None,
) -> None:
    known = {key(document): document for document in list_now(store, kind, filters)} if wanted else {}
    new = []
    for document in wanted:
        stored = known.get(key(document))
        if stored is None:
            document.rev = 0
            new.append(document)
            continue
        document.id, document.rev = stored.id, stored.rev
        if keep is not None:
            keep(document, stored)
        # Compared as they are stored: to `==`, true and 1 would be the same.
        if msgspec.json.encode(document) != msgspec.json.encode(stored):
            store.replace(document)
    if new:
        store.insert_many(new)
