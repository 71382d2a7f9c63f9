"""Finding documents: many at once, in as few round trips as a database takes, or one as it is at this moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from st2lite.storage.contract import D, Equal, Filter, In, Order, Store

_CHUNK = 100


def find_in(store: Store, kind: type[D], field: str, values: Iterable[str], order: Sequence[Order] = ()) -> list[D]:
    """Return the documents whose `field` has one of these values, without large attributes.

    They are in order within each hundred of the values.
    """
    wanted = list(dict.fromkeys(values))
    found: list[D] = []
    for start in range(0, len(wanted), _CHUNK):
        part = tuple(wanted[start : start + _CHUNK])
        condition: Filter = Equal(field, part[0]) if len(part) == 1 else In(field, part)
        found.extend(store.find(kind, (condition,), order, large=False))
    return found


def by_ids(store: Store, kind: type[D], identifiers: Iterable[str]) -> dict[str, D]:
    """Return the documents with these ids by id, without large attributes."""
    return {document.id: document for document in find_in(store, kind, "id", identifiers)}


def find_now(store: Store, kind: type[D], field: str, value: str) -> D | None:
    """Return the document whose `field` has this value, as it is now, for whoever is going to change it.

    A process that remembers what it has read may be a second behind. It never does so for what is asked for in order.
    """
    found = store.find(kind, (Equal(field, value),), (Order("id"),), limit=1)
    return found[0] if found else None
