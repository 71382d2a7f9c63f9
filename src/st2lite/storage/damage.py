"""Documents that are stored and cannot be read: lists go on without them, and the log says which ones."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from st2lite.models.document import Collection
from st2lite.models.errors import DamagedDocument
from st2lite.storage.codec import Codec
from st2lite.storage.contract import D, Equal, Filter

logger = logging.getLogger(__name__)

SILENCE = 3600.0
"""Seconds after which a document that is still damaged is named in the log again."""

_CAPACITY = 1000

Row = Sequence[Any]
"""`id`, `rev`, body, the attributes that are kept apart, then the large ones that were read."""


class Reader:
    """Makes documents of the rows of one store. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: dict[tuple[str, str], float] = {}

    def page(
        self,
        codec: Codec[D],
        filters: Sequence[Filter],
        limit: int | None,
        offset: int,
        rows_of: Callable[[int | None, int], Iterable[Row]],
    ) -> list[D]:
        """The documents of the rows that `rows_of(limit, offset)` gives, without those that cannot be read.

        For each of these one more is read at the end: to those who page, a page that is not full is the last one. Raise
        `DamagedDocument` if the one document cannot be read that a call is about.
        """
        is_about_one = limit == 1 and _name_one(codec.collection, filters)
        documents: list[D] = []
        wanted, skipped = limit, 0
        while True:
            count = 0
            for identifier, rev, body, *others in rows_of(wanted, offset):
                count += 1
                try:
                    documents.append(codec.join(identifier, rev, body, others))
                except DamagedDocument as error:
                    if is_about_one:
                        raise
                    skipped += 1
                    self._tell(codec.name, identifier, error)
            if limit is None or wanted is None or count < wanted or len(documents) >= limit:
                return documents[:limit]
            offset, wanted = offset + count, skipped

    def _tell(self, collection: str, identifier: str, error: DamagedDocument) -> None:
        key, now = (collection, identifier), self._clock()
        told = self._told.get(key)
        if told is not None and now - told < SILENCE:
            return
        if len(self._told) >= _CAPACITY:
            self._told.clear()
        self._told[key] = now
        logger.error("Left out: %s", error.message)


def _name_one(collection: Collection, filters: Sequence[Filter]) -> bool:
    """Tell whether at most one document can match, because its id or a unique key is given."""
    given = {filter_.field for filter_ in filters if isinstance(filter_, Equal) and filter_.value is not None}
    return "id" in given or any(index.unique and given.issuperset(index.fields) for index in collection.indexes)
