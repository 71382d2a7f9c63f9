"""Writes of many threads in one command.

Threads that insert into one collection, or replace documents of it, at the same time share a command; a thread that is
alone waits for no others. Whoever changes one attribute of many documents to the same value does so in one command.

A document is asked for by its id alone and compares the revision itself: of all conditions that is the one which
servers answer without planning.

Each write draws a token, which is stored with the document. When the connection breaks during a write, it is unknown
whether the server did it: if the token is in the stored document, it was done, else it is tried once more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
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
_MOST_CHARACTERS = 4 << 20
"""Texts of one update of many documents; a character takes up to 4 bytes, and a command up to 16 MiB."""


class Change(NamedTuple):
    """A new value for one field of the document `identifier`, if it is at revision `rev`."""

    identifier: str
    rev: int
    field: str
    value: Scalar


class Replacement(NamedTuple):
    """A row that takes the place of its document, if that is at the revision before; `kept` names what stays of it."""

    row: Row
    kept: Sequence[str] = ()

    @property
    def weight(self) -> int:
        """Characters of its texts."""
        return sum(len(value) for value in self.row.values() if isinstance(value, str))


class Writes:
    """The writes of this process to one collection. Safe to use from many threads; errors are the driver's own."""

    def __init__(self, collection: Collection[Row]) -> None:
        self._collection = collection
        self._inserts: GroupCommit[Row] = GroupCommit(self._insert_batch)
        self._replacements: GroupCommit[Replacement] = GroupCommit(self._replace_batch)

    def insert(self, row: Row) -> None:
        """Insert a row; raise `DuplicateKeyError` if one of its keys is taken."""
        self._inserts.run(row)

    def replace(self, replacement: Replacement) -> None:
        """Replace a document; raise `StaleWrite` if it is at another revision, `DuplicateKeyError` if a key is taken.

        Among writes of other threads a document that was changed again at once may also be called stale.
        """
        self._replacements.run(replacement)

    def change(self, changes: Sequence[Change]) -> list[bool]:
        """Make several changes, those to the same value in one command; tell of each whether it was made.

        It was not if the document is at another revision, or was changed again at once.
        """
        alike: dict[tuple[int, str, Scalar], list[int]] = defaultdict(list)
        for position, change in enumerate(changes):
            alike[change[1:]].append(position)
        made = [False] * len(changes)
        for (rev, field, value), positions in alike.items():
            identifiers = {changes[position].identifier: position for position in reversed(positions)}
            done = self._change_alike(list(identifiers), rev, {"rev": rev + 1, "write": new_id(), field: value})
            for identifier in done:
                made[identifiers[identifier]] = True
        return made

    def _insert_batch(self, batch: Sequence[Ticket[Row]]) -> None:
        if len(batch) == 1:
            self._insert_one(batch[0].operation)
            return
        rows = [ticket.operation for ticket in batch]
        try:
            self._collection.insert_many(rows, ordered=False)
        except errors.BulkWriteError as error:
            _hand_out(error, batch)
        except errors.ServerSelectionTimeoutError:
            raise
        except Exception:  # noqa: BLE001 - each gets its own below: what is wrong with one row is no fault of the others
            self._one_by_one(batch, rows, self._insert_one)

    def _insert_one(self, row: Row) -> None:
        write_once(self._collection, row, lambda: self._collection.insert_one(row))

    def _replace_batch(self, batch: Sequence[Ticket[Replacement]]) -> None:
        if len(batch) == 1:
            self._replace_one(batch[0].operation)
            return
        for portion in _portions(batch):
            self._replace_portion(portion)

    def _replace_portion(self, batch: Sequence[Ticket[Replacement]]) -> None:
        replacements = [ticket.operation for ticket in batch]
        rows = [replacement.row for replacement in replacements]
        query = {"_id": {"$in": [row["_id"] for row in rows]}}
        try:
            modified = self._collection.update_many(query, _replacing(replacements)).modified_count
        except errors.ServerSelectionTimeoutError:
            raise
        except Exception:  # noqa: BLE001 - as for inserts
            self._one_by_one(batch, rows, self._replace_one)
            return
        if modified < len(batch):
            for ticket, is_written in zip(batch, self._are_done(rows), strict=True):
                if not is_written:
                    ticket.error = self._stale(ticket.operation)

    def _replace_one(self, replacement: Replacement) -> None:
        def write() -> None:
            query = {"_id": replacement.row["_id"]}
            if not self._collection.update_one(query, _replacing([replacement])).modified_count:
                raise self._stale(replacement)

        write_once(self._collection, replacement.row, write)

    def _stale(self, replacement: Replacement) -> StaleWrite:
        row = replacement.row
        return StaleWrite(f"{self._collection.name} {row['_id']}: revision {row['rev'] - 1} is not the stored one")

    def _change_alike(self, identifiers: list[str], rev: int, values: Row) -> Iterable[str]:
        """Set these values in documents that are at this revision; return the ids of those that were."""
        query: Row = {"_id": {"$in": identifiers}, "rev": rev}
        update: Callable[[Row, Row], UpdateResult] = self._collection.update_many
        if len(identifiers) == 1:
            query["_id"], update = identifiers[0], self._collection.update_one
        for attempt in range(_ATTEMPTS):
            try:
                if update(query, {"$set": values}).matched_count == len(identifiers):
                    return identifiers
                break
            except errors.ServerSelectionTimeoutError:
                raise
            except errors.ConnectionFailure:
                if attempt + 1 == _ATTEMPTS:
                    raise
        done = self._are_done([{"_id": identifier, "write": values["write"]} for identifier in identifiers])
        return [identifier for identifier, is_written in zip(identifiers, done, strict=True) if is_written]

    def _are_done(self, rows: Sequence[Row]) -> list[bool]:
        """Tell of each of these writes what `is_done` tells of one, with one question."""
        query = {"_id": {"$in": [row["_id"] for row in rows]}}
        tokens = {row["_id"]: row.get("write") for row in self._collection.find(query, {"write": 1})}
        return [tokens.get(row["_id"]) == row["write"] for row in rows]

    def _one_by_one(self, batch: Sequence[Ticket[T]], rows: Sequence[Row], write: Callable[[T], None]) -> None:
        """After a command that failed as a whole, do the writes that were not done; `rows` are what each stores."""
        for ticket, row in zip(batch, rows, strict=True):
            try:
                if not is_done(self._collection, row):
                    write(ticket.operation)
            except errors.ServerSelectionTimeoutError:
                raise  # a server that is away is waited for once, not once for each
            except Exception as error:  # noqa: BLE001 - raised again in the thread that it concerns
                ticket.error = error


def _portions(batch: Sequence[Ticket[Replacement]]) -> Iterator[list[Ticket[Replacement]]]:
    """Parts of a batch of which each fits into one update."""
    portion: list[Ticket[Replacement]] = []
    room = _MOST_CHARACTERS
    for ticket in batch:
        weight = ticket.operation.weight
        if portion and weight > room:
            yield portion
            portion, room = [], _MOST_CHARACTERS
        portion.append(ticket)
        room -= weight
    yield portion


def _replacing(replacements: Sequence[Replacement]) -> list[Row]:
    """The update, as a pipeline, that replaces the document it meets; it does not modify one at another revision.

    One of the same update for many documents costs servers less than an update for each.
    """
    identifiers = [new.row["_id"] for new in replacements]

    def own(values: Sequence[Any]) -> Row:
        if len(values) == 1:
            return {"$literal": values[0]}
        return {"$arrayElemAt": [{"$literal": values}, {"$indexOfArray": [{"$literal": identifiers}, "$_id"]}]}

    row = own([new.row for new in replacements])
    kept: Row = {}
    for name in {name for new in replacements for name in new.kept}:
        keepers = [new.row["_id"] for new in replacements if name in new.kept]
        is_kept = {"$in": ["$_id", {"$literal": keepers}]}
        kept[name] = f"${name}" if len(keepers) == len(replacements) else {"$cond": [is_kept, f"${name}", "$$REMOVE"]}
    new = {"$mergeObjects": [kept, row]} if kept else row
    before = {"$eq": ["$rev", own([new.row["rev"] - 1 for new in replacements])]}
    return [{"$replaceWith": {"$cond": [before, new, "$$ROOT"]}}]


def _hand_out(error: errors.BulkWriteError, batch: Sequence[Ticket[Any]]) -> None:
    """Give each write of a batch the error that is its own; raise the error if it is about all of them."""
    if error.details.get("writeConcernErrors"):
        raise error
    for problem in error.details["writeErrors"]:
        kind = errors.DuplicateKeyError if problem["code"] == DUPLICATE_CODE else errors.WriteError
        batch[problem["index"]].error = kind(problem["errmsg"], problem["code"], problem)


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
