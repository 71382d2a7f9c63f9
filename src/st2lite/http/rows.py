"""One page of a list, and the headers that tell how much there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import falcon
import msgspec

from st2lite.http.params import ListQuery
from st2lite.models.document import Document
from st2lite.storage.contract import Store

D = TypeVar("D", bound=Document)
T = TypeVar("T")


def find_page(store: Store, kind: type[D], query: ListQuery) -> tuple[list[D], int]:
    """Return the rows of a page and how many rows match in all."""
    rows = store.find(kind, query.filters, query.order, query.limit, query.offset)
    return rows, total_of(lambda: store.count(kind, query.filters), query.limit, query.offset, len(rows))


def page_of(rows: list[T], query: ListQuery) -> list[T]:
    """The rows of a page, out of all that match: for what the store cannot filter, and there is little of."""
    return rows[query.offset : None if query.limit is None else query.offset + query.limit]


def total_of(count: Callable[[], int], limit: int | None, offset: int, got: int) -> int:
    """How many rows match in all; counts only when a page of `got` rows does not tell."""
    ends_here = limit is None or got < limit
    if ends_here and (got or not offset):
        return offset + got
    return count()


def send_rows(
    resp: falcon.Response, rows: list[Any] | Iterator[Any], limit: int | None, total: int | None = None
) -> None:
    """Answer with rows; `limit` is the one in force (None: unlimited), `total` None where clients get no count.

    Rows that an iterator makes are sent one by one: for those that are too large to have all of them at once.
    """
    if total is not None:
        resp.set_header("X-Total-Count", str(total))
    if limit is not None:
        resp.set_header("X-Limit", str(limit))
    if isinstance(rows, list):
        resp.media = rows
    else:
        resp.content_type = falcon.MEDIA_JSON
        resp.stream = _array(rows)


def _array(rows: Iterator[Any]) -> Iterator[bytes]:
    before = b"["
    for row in rows:
        yield before
        yield msgspec.json.encode(row)
        before = b","
    yield b"[]" if before == b"[" else b"]"
