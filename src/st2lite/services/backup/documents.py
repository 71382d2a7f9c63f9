"""Documents as lines of JSON, for a file that outlives the database they came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from st2lite.models.document import Document
from st2lite.models.errors import InvalidInput
from st2lite.models.execution import Worker
from st2lite.models.service import ServiceMember
from st2lite.storage.codec import codec_for
from st2lite.storage.contract import Order, Range, Store
from st2lite.storage.migrations import MIGRATIONS, VERSION_KEY, pending
from st2lite.storage.open import document_classes

LEFT_OUT: frozenset[type[Document]] = frozenset({Worker, ServiceMember})
"""What is only true of processes that run now."""

_PAGE = 200
_BATCH_BYTES = 4 * 1024 * 1024


class _Line(msgspec.Struct):
    """One document: its body as it is stored, and its large attributes beside it."""

    id: str
    rev: int
    body: msgspec.Raw
    large: dict[str, msgspec.Raw] = {}


_decode = msgspec.json.Decoder(_Line).decode


def kept_kinds() -> dict[str, type[Document]]:
    """The document classes that a backup holds, by the name of their collection."""
    return {kind.collection.name: kind for kind in document_classes() if kind not in LEFT_OUT}


def dump(store: Store, kind: type[Document]) -> Iterator[bytes]:
    """Yield a line for each document of a collection, by id; documents that come while it runs may be left out."""
    codec = codec_for(kind)
    last = ""
    while True:
        page = store.find(kind, (Range("id", gt=last),), (Order("id"),), _PAGE)
        for document in page:
            parts = codec.split(document)
            large = {name: raw for name, raw in zip(codec.large, parts.large, strict=True) if raw is not None}
            line = _Line(document.id, document.rev, msgspec.Raw(parts.body), large)
            yield msgspec.json.encode(line) + b"\n"
            last = document.id
        if len(page) < _PAGE:
            return


def clear(store: Store, kind: type[Document]) -> None:
    """Remove all documents of a collection."""
    while store.delete_many(kind, ()):
        pass


def load(store: Store, kind: type[Document], lines: Iterable[bytes], version: int) -> int:
    """Write the documents of lines that `dump` made when the schema had `version`; return how many."""
    change = _migration(kind, version)
    codec = codec_for(kind)
    batch: list[Document] = []
    count = size = 0
    for number, text in enumerate(lines, 1):
        try:
            line = _decode(text)
        except msgspec.DecodeError as error:
            raise InvalidInput(f"{kind.collection.name}, line {number}: the backup is damaged ({error}).") from None
        body = change(bytes(line.body))
        batch.append(codec.join(line.id, 0, body, [_bytes(line.large.get(name)) for name in codec.large]))
        size += len(text)
        if size > _BATCH_BYTES or len(batch) == _PAGE:
            store.insert_many(batch)
            count, size, batch = count + len(batch), 0, []
    if batch:
        store.insert_many(batch)
    return count + len(batch)


def _migration(kind: type[Document], version: int) -> Callable[[bytes], bytes]:
    """What makes a body of an older release one of this release."""
    steps = [
        step for step in pending({VERSION_KEY: str(version)}, MIGRATIONS) if step.collection == kind.collection.name
    ]
    if not steps:
        return lambda body: body

    def change(body: bytes) -> bytes:
        content: dict[str, Any] = msgspec.json.decode(body)
        for step in steps:
            content = step.change(content)
        return msgspec.json.encode(content)

    return change


def _bytes(raw: msgspec.Raw | None) -> bytes | None:
    return None if raw is None else bytes(raw)
