"""What every stored document has in common, and how a document class declares its collection.

A document is encoded once, as JSON. The store keeps that text as it is and, beside it, the fields that the collection
declares as indexed: those, and only those, can be filtered and sorted by.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Union

import msgspec

Scalar = Union[str, int, float, bool, None]


@dataclass(frozen=True)
class Index:
    """An index over one or more declared fields, in this order.

    In a unique index a row with `None` in any of the fields takes no part (null is nobody's duplicate).
    """

    fields: tuple[str, ...]
    unique: bool = False


@dataclass(frozen=True)
class Collection:
    """Where documents of one class live.

    `fields` maps the name of each indexed field to the function that reads it off a document; a field name is a plain
    identifier. `large` names attributes of type `msgspec.Raw` that are kept apart from the body and read only on demand
    (`find(..., large=False)` leaves them empty: `msgspec.Raw(b"")`). `apart` names text attributes that are declared
    fields, too, and that change alone: `Store.update` writes one of them and leaves the body as it is. `id` is always
    present, unique and sortable.
    """

    name: str
    fields: dict[str, Callable[[Any], Scalar]] = field(default_factory=dict)
    indexes: tuple[Index, ...] = ()
    large: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()


class Document(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Base of every stored document.

    `id` is 24 hex digits, or a natural key where the class says so. `rev` counts the writes: 0 before the first one;
    the store raises it and uses it for compare-and-swap.
    """

    collection: ClassVar[Collection]

    id: str = ""
    rev: int = 0
