"""The documents that the suite stores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Protocol, TypeVar

import msgspec

from st2lite.models.document import Collection, Document, Index
from st2lite.storage.contract import Store
from st2lite.storage.migrations import Migration

E = TypeVar("E", bound=BaseException)
EMPTY = msgspec.Raw(b"")


class Item(Document, kw_only=True):
    """Has an index of every sort and two large attributes."""

    collection: ClassVar[Collection] = Collection(
        "items",
        fields={
            "name": lambda i: i.name,
            "serial": lambda i: i.serial,
            "room": lambda i: i.room,
            "shelf": lambda i: i.shelf,
            "weight": lambda i: i.weight,
            "fragile": lambda i: i.fragile,
            "timestamp": lambda i: i.timestamp,
        },
        indexes=(
            Index(("serial",), unique=True),
            Index(("room", "shelf"), unique=True),
            Index(("name",)),
            Index(("timestamp",)),
            Index(("fragile", "timestamp")),
        ),
        large=("picture", "manual"),
    )

    name: str = ""
    serial: str | None = None
    room: str | None = None
    shelf: int | None = None
    weight: float | None = None
    fragile: bool | None = None
    timestamp: str | None = None
    details: Any = None
    picture: msgspec.Raw = EMPTY
    manual: msgspec.Raw = EMPTY


class Note(Document, kw_only=True):
    """Has nothing but a body."""

    collection: ClassVar[Collection] = Collection("notes")

    text: str = ""


class Database(Protocol):
    """Opens a store on the database of the test."""

    def __call__(self, *kinds: type[Document], migrations: tuple[Migration, ...] = ()) -> Store: ...


def ready(database: Database) -> Store:
    """A store for items and notes, set up."""
    store = database(Item, Note)
    store.ensure_schema()
    return store


def error_of(kind: type[E], function: Callable[[], object]) -> E:
    """The error that the call must raise."""
    try:
        function()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__} was raised")
