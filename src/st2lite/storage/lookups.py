"""Finding documents: many at once, in as few round trips as a database takes, or one as it is at this moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from st2lite.models.errors import NotFound
from st2lite.models.ids import is_id
from st2lite.storage.contract import D, Equal, Filter, In, Order, Store

_CHUNK = 100


def find_in(
    store: Store,
    kind: type[D],
    field: str,
    values: Iterable[str],
    order: Sequence[Order] = (),
    large: bool = False,
) -> list[D]:
    """Return the documents whose `field` has one of these values; without `large` their large attributes stay empty.

    They are in order within each hundred of the values.
    """
    wanted = list(dict.fromkeys(values))
    found: list[D] = []
    for start in range(0, len(wanted), _CHUNK):
        part = tuple(wanted[start : start + _CHUNK])
        condition: Filter = Equal(field, part[0]) if len(part) == 1 else In(field, part)
        found.extend(store.find(kind, (condition,), order, large=large))
    return found


def by_ids(store: Store, kind: type[D], identifiers: Iterable[str]) -> dict[str, D]:
    """Return the documents with these ids by id, without large attributes."""
    return {document.id: document for document in find_in(store, kind, "id", identifiers)}


def list_now(store: Store, kind: type[D], filters: Sequence[Filter] = (), limit: int | None = None) -> list[D]:
    """Return documents as they are now, for whoever is going to change them.

    A process that remembers what it has read may be a second behind. It never does so for what is asked for in order.
    """
    return store.find(kind, filters, (Order("id"),), limit)


def find_now(store: Store, kind: type[D], field: str, value: str) -> D | None:
    """Return the document whose `field` has this value, as it is now."""
    found = list_now(store, kind, (Equal(field, value),), limit=1)
    return found[0] if found else None


def find_named(store: Store, kind: type[D], given: str, field: str = "ref") -> D | None:
    """Return the document that has `given` as its id, or in its unique `field`, as it is now."""
    found = find_now(store, kind, "id", given) if is_id(given) else None
    return found or find_now(store, kind, field, given)


def get_named(
    store: Store, kind: type[D], given: str, field: str = "ref", what: str = "Resource with a reference or id"
) -> D:
    """Return the document that a client names as `find_named` does; raise `NotFound` that says `what` is missing."""
    found = find_named(store, kind, given, field)
    if found is None:
        raise NotFound(f'{what} "{given}" not found.')
    return found


def get_by_id(store: Store, kind: type[D], identifier: str) -> D:
    """Return the document with this id, as it is now; raise `NotFound`, also for what is no id."""
    found = find_now(store, kind, "id", identifier) if is_id(identifier) else None
    if found is None:
        raise NotFound(f'Unable to identify resource with id "{identifier}".')
    return found
