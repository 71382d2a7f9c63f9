"""Reading large attributes of many documents at once, but no more of them than there is room for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar, Union

from st2lite.models.document import Collection
from st2lite.storage.contract import UpTo

T = TypeVar("T")
Row = TypeVar("Row")


class TooMuch(Exception):
    """The large attributes of a page are more than was asked for."""


def wanted(collection: Collection, large: bool | UpTo) -> tuple[str, ...]:
    """The large attributes that are to be read; `KeyError` for a name that is none."""
    if not isinstance(large, UpTo):
        return collection.large if large else ()
    for name in large.names:
        if name not in collection.large:
            raise KeyError(f"{collection.name}: {name} is not a large attribute")
    return large.names


def weighed(rows: Iterable[Row], large: bool | UpTo, values: Callable[[Row], Iterable[Any]]) -> Iterator[Row]:
    """Pass rows on; raise `TooMuch` as soon as their large attributes, which `values` gives, come to too much."""
    if not isinstance(large, UpTo):
        yield from rows
        return
    room = large.most
    for row in rows:
        room -= sum(len(value) for value in values(row) if isinstance(value, (str, bytes)))
        if room < 0:
            raise TooMuch
        yield row


def as_far_as_there_is_room(read: Callable[[Union[bool, UpTo]], T], large: bool | UpTo) -> T:
    """What `read(large)` returns; if that is too much, what it returns without large attributes."""
    try:
        return read(large)
    except TooMuch:
        return read(False)
