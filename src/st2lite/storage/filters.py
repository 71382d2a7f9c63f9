"""What both backends do alike with filters: check the names, normalise the values, turn a prefix into a range."""

from __future__ import annotations

from collections.abc import Sequence

from st2lite.models.document import Collection, Scalar
from st2lite.storage.codec import comparable
from st2lite.storage.contract import Equal, Filter, In, Order, Range

_SURROGATES = range(0xD800, 0xE000)
_LAST_CHARACTER = 0x10FFFF


def check_fields(collection: Collection, names: Sequence[Filter | Order]) -> None:
    """Raise `KeyError` if a filter or an order names something that the collection does not declare."""
    for name in names:
        check_field(collection, name.field)


def check_field(collection: Collection, field: str) -> None:
    """Raise `KeyError` if the collection does not declare this field."""
    if field != "id" and field not in collection.fields:
        raise KeyError(f"collection {collection.name} declares no field {field}")


def value_of(filter_: Equal) -> Scalar:
    """The value to compare with."""
    return comparable(filter_.value, filter_.field)


def values_of(filter_: In) -> list[Scalar]:
    """The values to compare with, each once, `None` left out."""
    values = (comparable(value, filter_.field) for value in filter_.values)
    return list(dict.fromkeys(value for value in values if value is not None))


def bounds_of(filter_: Range) -> dict[str, Scalar]:
    """The bounds that are not open, by `gt`, `gte`, `lt`, `lte`."""
    bounds = {"gt": filter_.gt, "gte": filter_.gte, "lt": filter_.lt, "lte": filter_.lte}
    return {name: comparable(bound, filter_.field) for name, bound in bounds.items() if bound is not None}


def after_prefix(text: str) -> str | None:
    """The smallest text that sorts after every text with this prefix; None if there is none."""
    while text:
        following = ord(text[-1]) + 1
        if following in _SURROGATES:
            following = _SURROGATES.stop
        if following <= _LAST_CHARACTER:
            return text[:-1] + chr(following)
        text = text[:-1]
    return None
