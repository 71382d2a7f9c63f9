"""Writes of many threads in one command.

Threads that insert into one collection at the same time share a command, and so do those that change one attribute of
their documents to the same value. A thread that is alone does not wait for others.

Each write draws a token, which is stored with the document. When the connection breaks during a write, it is unknown
whether the server did it: if the token is in the stored document, it was done, else it is tried once more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from pymongo import errors
from pymongo.collection import Collection
from pymongo.results import UpdateResult

from st2lite.models.document import Scalar
from st2lite.models.errors import StaleWrite
from st2lite.models.ids import new_id
from st2lite.storage.group_commit import GroupCommit, Ticket

T = TypeVar("T")
Row = dict[str, Any]

DUPLICATE_CODE = 11000
_ATTEMPTS = 3


class Change(NamedTuple):
    """A new value for one field of the document `identifier`, if it is at revision `rev`."""

    identifier: str
    rev: int
    field: str
    value: Scalar


class Writes:
    """The writes of this process to one collection. Safe to use from many threads; errors are the driver's own."""

    def __init__(self, collection: Collection[Row]) -> None:
        self._collection = collection
        self._inserts: GroupCommit[Row] = GroupCommit(self._insert_batch)
        self._changes: GroupCommit[Change] = GroupCommit(self._change_batch)

    def insert(self, row: Row) -> None:
        """Insert a row; raise `DuplicateKeyError` if one of its keys is taken."""
        self._inserts.run(row)

    def change(self, change: Change) -> None:
        """Make a change; raise `StaleWrite` if the document is at another revision, or was changed again at once."""
        self._changes.run(change)

    def _insert_batch(self, batch: Sequence[Ticket[Row]]) -> None:
        if len(batch) == 1:
            self._insert_one(batch[0].operation)
            return
        try:
            self._collection.insert_many([ticket.operation for ticket in batch], ordered=False)
        except errors.BulkWriteError as error:
            if error.details.get("writeConcernErrors"):
                raise
            for problem in error.details["writeErrors"]:
                kind = errors.DuplicateKeyError if problem["code"] == DUPLICATE_CODE else errors.WriteError
                batch[problem["index"]].error = kind(problem["errmsg"], problem["code"], problem)
        except errors.ServerSelectionTimeoutError:
            raise
        except Exception:  # noqa: BLE001 - each gets its own below: what is wrong with one row is no fault of the others
            self._one_by_one(batch, self._insert_after_all)

    def _insert_after_all(self, row: Row) -> None:
        if not is_done(self._collection, row):
            self._insert_one(row)

    def _insert_one(self, row: Row) -> None:
        write_once(self._collection, row, lambda: self._collection.insert_one(row))

    def _change_batch(self, batch: Sequence[Ticket[Change]]) -> None:
        alike: dict[tuple[int, str, Scalar], list[Ticket[Change]]] = defaultdict(list)
        for ticket in batch:
            alike[ticket.operation[1:]].append(ticket)
        for (rev, field, value), tickets in alike.items():
            self._change_alike(tickets, rev, {"rev": rev + 1, "write": new_id(), field: value})

    def _change_alike(self, batch: Sequence[Ticket[Change]], rev: int, values: Row) -> None:
        """Of several that want to change one document the first one does."""
        first = {ticket.operation.identifier: ticket for ticket in reversed(batch)}
        query: Row = {"_id": {"$in": list(first)}, "rev": rev}
        update: Callable[[Row, Row], UpdateResult] = self._collection.update_many
        if len(first) == 1:
            query["_id"], update = next(iter(first)), self._collection.update_one
        for attempt in range(_ATTEMPTS):
            try:
                all_done = update(query, {"$set": values}).matched_count == len(first)
                break
            except errors.ServerSelectionTimeoutError:
                raise
            except errors.ConnectionFailure:
                if attempt + 1 == _ATTEMPTS:
                    raise
        if not all_done:
            carrying = {"_id": query["_id"], "write": values["write"]}
            done = {row["_id"] for row in self._collection.find(carrying, {"_id": 1})}
            first = {identifier: ticket for identifier, ticket in first.items() if identifier in done}
        for ticket in batch:
            identifier = ticket.operation.identifier
            if first.get(identifier) is not ticket:
                ticket.error = StaleWrite(f"{self._collection.name} {identifier}: revision {rev} is not the stored one")

    @staticmethod
    def _one_by_one(batch: Sequence[Ticket[T]], write: Callable[[T], None]) -> None:
        for ticket in batch:
            try:
                write(ticket.operation)
            except errors.ServerSelectionTimeoutError:
                raise  # a server that is away is waited for once, not once for each
            except Exception as error:  # noqa: BLE001 - raised again in the thread that it concerns
                ticket.error = error


def write_once(collection: Collection[Row], row: Row, write: Callable[[], object]) -> None:
    """Do a write that carries the token of `row`; after a broken connection find out whether it was done."""
    for attempt in range(_ATTEMPTS):
        try:
            write()
            return
        except (errors.DuplicateKeyError, StaleWrite):
            if attempt and is_done(collection, row):
                return
            raise
        except errors.ServerSelectionTimeoutError:
            raise
        except errors.ConnectionFailure:
            if is_done(collection, row):
                return
            if attempt + 1 == _ATTEMPTS:
                raise


def is_done(collection: Collection[Row], row: Row) -> bool:
    """Tell whether the write with the token of this row is the last one that its document has seen."""
    stored = collection.find_one({"_id": row["_id"]}, {"write": 1})
    return stored is not None and stored.get("write") == row["write"]
