"""The storage contract: all that the rooms above may ask of a database.

Every write is acknowledged only when it is durable. Filters name fields that the collection declares, or `id`; anything
else is a programming error (`KeyError`). All filters of a call are ANDed. A bool counts as the integer 0 or 1. Every
method may raise `StoreUnavailable`, and `InvalidInput` if a value cannot be stored (half a surrogate pair, an indexed
integer beyond 64 bits).

A document that is stored and cannot be read raises `DamagedDocument` where a call is about it alone: `get`, and `find`
of one by its id or a unique key with `limit=1`. Any other `find` goes on without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, Union

from st2lite.models.document import Document, Scalar
from st2lite.models.errors import StaleWrite

D = TypeVar("D", bound=Document)


@dataclass(frozen=True)
class Equal:
    """The field has this value; `None` matches rows without a value."""

    field: str
    value: Scalar


@dataclass(frozen=True)
class In:
    """The field has one of these values (`None` not among them); an empty sequence matches nothing."""

    field: str
    values: tuple[Scalar, ...]


@dataclass(frozen=True)
class Range:
    """The field lies in this range; a bound that is `None` is open. Rows without a value never match."""

    field: str
    gt: Scalar = None
    gte: Scalar = None
    lt: Scalar = None
    lte: Scalar = None


@dataclass(frozen=True)
class Exists:
    """The field has a value (`True`) or has none (`False`)."""

    field: str
    exists: bool = True


@dataclass(frozen=True)
class Prefix:
    """The text field starts with this text, case-sensitively and literally."""

    field: str
    text: str


Filter = Union[Equal, In, Range, Exists, Prefix]


@dataclass(frozen=True)
class Order:
    """Sort key. Rows without a value come first ascending, last descending; ties are broken by `id`, same direction."""

    field: str
    descending: bool = False


@dataclass(frozen=True)
class UpTo:
    """Read these large attributes while all those of a page come to `most` characters; else leave all of them empty."""

    most: int
    names: tuple[str, ...]


class Store(Protocol):
    """A database. Safe to use from many threads; one instance per process (open it after forking)."""

    def ensure_schema(self) -> None:
        """Create or migrate collections and indexes; harmless to repeat, safe when several processes do it at once."""

    def schema(self) -> dict[str, str]:
        """What the store remembers of its schema, under the keys of `storage.migrations`; nothing if it is new."""

    def forget_schema(self) -> None:
        """Have the store taken for a new one, for when all that is in it is replaced."""

    def insert(self, document: Document) -> None:
        """Write a new document and set its `rev` to 1; an empty `id` is filled. Raise `Conflict` if a key is taken."""

    def insert_many(self, documents: Sequence[Document]) -> None:
        """Insert several documents of one class in one round trip. On `Conflict` some may have been written."""

    def get(self, kind: type[D], identifier: str) -> D | None:
        """Read one document by `id`, large attributes included."""

    def replace(self, document: Document) -> None:
        """Write the document if the stored `rev` equals its own, and raise `rev` by one; else raise `StaleWrite`.

        On any error the document in memory keeps its `rev`. Raise `Conflict` if another document has the unique key.
        A large attribute that is empty leaves what is stored as it is: it may just not have been read. Whoever meets
        `StaleWrite` reads the document again: it may also have been written, and changed by somebody else at once.
        """

    def update(self, documents: Sequence[D], attribute: str) -> list[D]:
        """Write one attribute that the collection keeps apart, where `replace` would write all; return who was stale.

        It costs less, and much less for several documents of one class at once. A document may also be returned as
        stale because it was written, and somebody has changed it again at once.
        """

    def delete(self, kind: type[Document], identifier: str, rev: int | None = None) -> bool:
        """Remove one document (if `rev` is given: only in that revision); tell whether it was there."""

    def delete_many(self, kind: type[Document], filters: Sequence[Filter], limit: int = 1000) -> int:
        """Remove at most `limit` matching documents; return how many."""

    def find(
        self,
        kind: type[D],
        filters: Sequence[Filter] = (),
        order: Sequence[Order] = (),
        limit: int | None = None,
        offset: int = 0,
        large: bool | UpTo = True,
    ) -> list[D]:
        """Return matching documents, by `id` if no order is given.

        With `large=False` large attributes stay empty (`msgspec.Raw(b"")`), with `UpTo` those that it does not name.
        """

    def count(self, kind: type[Document], filters: Sequence[Filter] = ()) -> int:
        """Count matching documents."""

    def distinct(self, kind: type[Document], field: str, filters: Sequence[Filter] = ()) -> list[Scalar]:
        """Return the different values of a field, ascending, `None` first if some rows have no value."""

    def ping(self) -> None:
        """Ask the database for a sign of life; raise `StoreUnavailable` if it gives none within a few seconds."""

    def close(self) -> None:
        """Release connections and files."""


def find_one(store: Store, kind: type[D], *filters: Filter) -> D | None:
    """Return the document that matches all filters, None if there is none; of several, the one with the least `id`."""
    found = store.find(kind, filters, limit=1)
    return found[0] if found else None


def claim(
    store: Store,
    kind: type[D],
    filters: Sequence[Filter],
    change: Callable[[D], None],
    limit: int,
    order: Sequence[Order] = (),
) -> list[D]:
    """Apply `change` to up to `limit` matching documents, each by compare-and-swap; return those that were won.

    A document that another process changed first is left out: no claim is won twice.
    """
    won = []
    for document in store.find(kind, filters, order, limit=limit):
        change(document)
        try:
            store.replace(document)
        except StaleWrite:
            continue
        won.append(document)
    return won


def save(store: Store, document: Document) -> None:
    """Insert a document that was never stored, replace one that was."""
    if document.rev:
        store.replace(document)
    else:
        store.insert(document)
