"""Between a document in memory and its parts at rest: body, large attributes, and the values of declared fields."""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterable, Sequence
from typing import Any, Generic, NamedTuple

import msgspec

from st2lite.models.document import Document, Scalar
from st2lite.models.errors import DamagedDocument, InvalidInput
from st2lite.models.nesting import is_deeper, may_be_deeper
from st2lite.storage.contract import D

DEEPEST = 400
"""Levels of a stored document. Decoding recurses, and one that fails takes a whole list with it."""

_INT64 = 1 << 63
_encode = msgspec.json.Encoder().encode


class Parts(NamedTuple):
    """A document taken apart: JSON body without `id`, `rev` and large attributes; field values; large attributes.

    Values and large attributes stand in the order of the declaration; a large attribute without content is None.
    """

    body: bytes
    values: list[Scalar]
    large: list[msgspec.Raw | None]


class Codec(Generic[D]):
    """Takes documents of one class apart and puts them together again."""

    def __init__(self, kind: type[D]) -> None:
        self.kind = kind
        self.collection = kind.collection
        self.name = self.collection.name
        self.field_names = tuple(self.collection.fields)
        self.large = self.collection.large
        self.apart = self.collection.apart
        self._others = (*self.apart, *self.large)
        self._readers = tuple(self.collection.fields.items())
        self._blank = _blank_values(kind)
        self._decode = msgspec.json.Decoder(kind).decode

    def split(self, document: D) -> Parts:
        """Encode a document; raise `InvalidInput` if it holds something that no database can keep."""
        body = copy.copy(document)
        large: list[msgspec.Raw | None] = []
        for name in self.large:
            raw = getattr(body, name)
            large.append(raw if memoryview(raw).nbytes else None)
        for name, value in self._blank:
            setattr(body, name, value)
        try:
            encoded = _encode(body)
        except UnicodeEncodeError:
            raise InvalidInput(
                f"{self.name} {document.id}: a text holds half of a surrogate pair, which is not valid Unicode; "
                "send valid UTF-8"
            ) from None
        except (TypeError, ValueError) as error:
            raise InvalidInput(f"{self.name} {document.id} cannot be stored as JSON: {error}") from None
        except RecursionError:
            raise self._too_deep(document) from None
        if may_be_deeper(encoded, DEEPEST) and _is_too_deep(encoded):
            raise self._too_deep(document)
        return Parts(encoded, self.values(document), large)

    def _too_deep(self, document: D) -> InvalidInput:
        return InvalidInput(f"{self.name} {document.id} is nested more than {DEEPEST} levels deep; flatten it")

    def values(self, document: D) -> list[Scalar]:
        """The values of the declared fields of a document, in the order of the declaration."""
        values = []
        for name, read in self._readers:
            value = read(document)
            if value is not None and type(value) is not str:
                value = comparable(value, name)
            values.append(value)
        return values

    def join(self, identifier: str, rev: int, body: bytes | str, others: Iterable[Any]) -> D:
        """Decode a document; raise `DamagedDocument` if its parts are not what this version writes.

        `others` are the attributes that are kept apart, which are newer than the body, then the large ones, if read.
        """
        try:
            document = self._decode(body)
            document.id = identifier
            document.rev = rev
            for name, value in zip(self._others, others, strict=False):  # rows read without large attributes have none
                if value is not None:
                    setattr(document, name, _text(value) if name in self.apart else msgspec.Raw(value))
        except (msgspec.DecodeError, TypeError, ValueError, RecursionError) as error:
            raise self.damaged(identifier, error) from None
        return document

    def damaged(self, identifier: str, reason: Exception) -> DamagedDocument:
        """The error that says which document cannot be read."""
        return DamagedDocument(
            f"{self.name} {identifier} cannot be read ({reason}): it is damaged, or was written by a newer version. "
            f"Upgrade, restore a backup, or delete it from the collection {self.name} of the database."
        )


def apart_value(document: Document, attribute: str) -> Scalar:
    """The value of an attribute that the collection keeps apart; `KeyError` for any other."""
    if attribute not in document.collection.apart:
        raise KeyError(f"{document.collection.name}: {attribute} is not kept apart")
    return document.collection.fields[attribute](document)


def raised(documents: Sequence[D], written: Sequence[bool]) -> list[D]:
    """Raise the revision of those documents that were written; return the others."""
    for document, is_written in zip(documents, written, strict=True):
        document.rev += is_written
    return [document for document, is_written in zip(documents, written, strict=True) if not is_written]


def codec_for(kind: type[D]) -> Codec[D]:
    """The codec of a document class."""
    return _cached_codec(kind)


@functools.cache
def _cached_codec(kind: type[Any]) -> Codec[Any]:
    return Codec(kind)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} in place of text")
    return value


def _is_too_deep(encoded: bytes) -> bool:
    try:
        return is_deeper(msgspec.json.decode(encoded), DEEPEST)
    except RecursionError:
        return True


def comparable(value: Any, field: str) -> Scalar:
    """A field or filter value as both databases compare it, a bool as 0 or 1; else `InvalidInput`."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        if not -_INT64 <= value < _INT64:
            raise InvalidInput(f"{field}: {value} does not fit into 64 bits")
        return int(value)
    if isinstance(value, float) and value == value:
        return value
    raise InvalidInput(f"{field}: {type(value).__name__} {value!r:.50} is not text, a number or a boolean")


def _blank_values(kind: type[Document]) -> tuple[tuple[str, Any], ...]:
    """What stands in a body for attributes that are kept apart: their defaults, which the encoder leaves out."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(kind)}
    blanks = []
    for name in ("id", "rev", *kind.collection.large):
        if defaults[name] is msgspec.NODEFAULT:
            raise TypeError(f"{kind.__name__}.{name} is a large attribute and needs a default")
        blanks.append((name, defaults[name]))
    return tuple(blanks)
