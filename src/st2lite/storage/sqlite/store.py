"""The store on one SQLite file: for one host, any number of threads and processes.

Writers take turns (`GroupCommit` within this process, SQLite's lock between processes); readers never wait for them
(WAL). A write is acknowledged after the log was synced to the disk.
"""

from __future__ import annotations

import contextlib
import functools
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from st2lite.models.document import Document, Scalar
from st2lite.models.errors import Conflict, InvalidInput, St2liteError, StaleWrite, StoreUnavailable
from st2lite.models.ids import new_id
from st2lite.storage.codec import Parts, apart_value, codec_for, raised
from st2lite.storage.contract import D, Filter, Order, UpTo
from st2lite.storage.damage import Reader
from st2lite.storage.group_commit import GroupCommit, Ticket
from st2lite.storage.migrations import MIGRATIONS, Migration
from st2lite.storage.sqlite import sql
from st2lite.storage.sqlite.connection import ConnectionPool, connect, explain
from st2lite.storage.sqlite.schema import ensure_schema, forget_schema, read_schema
from st2lite.storage.weighing import TooMuch, as_far_as_there_is_room, wanted, weighed

Operation = Callable[[sqlite3.Connection], Any]
"""Writes within the transaction of its batch."""


class SQLiteStore:
    """A store in the file `path`; it is created on first use, readable by its owner only."""

    def __init__(
        self, path: Path, kinds: Sequence[type[Document]], migrations: Sequence[Migration] = MIGRATIONS
    ) -> None:
        self._path = path
        self._kinds = tuple(kinds)
        self._migrations = tuple(migrations)
        self._readers = ConnectionPool(path)
        self._reader = Reader()
        self._writer: sqlite3.Connection | None = None
        self._closed = False
        self._writes: GroupCommit[Operation] = GroupCommit(self._run_batch)

    def ensure_schema(self) -> None:
        self._writes.run(lambda connection: ensure_schema(connection, self._kinds, self._migrations))

    def schema(self) -> dict[str, str]:
        remembered: dict[str, str] = self._writes.run(read_schema)
        return remembered

    def forget_schema(self) -> None:
        self._writes.run(forget_schema)

    def insert(self, document: Document) -> None:
        if not document.id:
            document.id = new_id()
        kind = type(document)
        statement = _table(kind).insert
        parts = codec_for(kind).split(document)
        row = sql.row(document.id, 1, parts.values, parts.body, parts.large)

        def operation(connection: sqlite3.Connection) -> None:
            try:
                connection.execute(statement, row)
            except sqlite3.IntegrityError as error:
                raise _conflict(connection, document, parts, error) from None

        self._writes.run(operation)
        document.rev = 1

    def insert_many(self, documents: Sequence[Document]) -> None:
        if not documents:
            return
        kind = type(documents[0])
        split = codec_for(kind).split
        rows = []
        for document in documents:
            if not document.id:
                document.id = new_id()
            parts = split(document)
            rows.append(sql.row(document.id, 1, parts.values, parts.body, parts.large))

        def operation(connection: sqlite3.Connection) -> None:
            connection.execute(sql.SAVE)
            try:
                connection.executemany(_table(kind).insert, rows)
            except sqlite3.IntegrityError:
                connection.execute(sql.UNDO)
                raise Conflict(f"{kind.collection.name}: a key of one of {len(rows)} documents is taken") from None
            finally:
                if connection.in_transaction:
                    connection.execute(sql.RELEASE)

        self._writes.run(operation)
        for document in documents:
            document.rev = 1

    def get(self, kind: type[D], identifier: str) -> D | None:
        rows = self._read(_table(kind).get, [identifier])
        if not rows:
            return None
        found, rev, body, *others = rows[0]
        return codec_for(kind).join(found, rev, body, others)

    def replace(self, document: Document) -> None:
        kind = type(document)
        table = _table(kind)
        parts = codec_for(kind).split(document)
        rev = document.rev
        row = [document.id, rev]

        def operation(connection: sqlite3.Connection) -> None:
            stored = connection.execute(table.values, row).fetchone()
            if stored is None:
                raise StaleWrite(f"{table.collection.name} {document.id}: revision {rev} is not the stored one")
            new = dict(zip(table.collection.fields, parts.values, strict=True))
            changed = {name: value for (name, value), old in zip(new.items(), stored, strict=False) if value != old}
            parameters = [rev + 1, *changed.values(), parts.body, *parts.large, *row]
            try:
                connection.execute(table.replace(changed), parameters)
            except sqlite3.IntegrityError as error:
                raise _conflict(connection, document, parts, error) from None

        self._writes.run(operation)
        document.rev = rev + 1

    def update(self, documents: Sequence[D], attribute: str) -> list[D]:
        if not documents:
            return []
        statement = _table(type(documents[0])).update(attribute)
        rows = [
            (document.rev + 1, apart_value(document, attribute), document.id, document.rev) for document in documents
        ]

        def operation(connection: sqlite3.Connection) -> list[bool]:
            return [connection.execute(statement, row).rowcount > 0 for row in rows]

        return raised(documents, self._writes.run(operation))

    def delete(self, kind: type[Document], identifier: str, rev: int | None = None) -> bool:
        table = _table(kind)
        statement, parameters = (table.delete, (identifier,)) if rev is None else (table.delete_rev, (identifier, rev))
        return self._changed(statement, parameters) > 0

    def delete_many(self, kind: type[Document], filters: Sequence[Filter], limit: int = 1000) -> int:
        statement, parameters = _table(kind).delete_many(filters, limit)
        return self._changed(statement, parameters)

    def find(
        self,
        kind: type[D],
        filters: Sequence[Filter] = (),
        order: Sequence[Order] = (),
        limit: int | None = None,
        offset: int = 0,
        large: bool | UpTo = True,
    ) -> list[D]:
        table = _table(kind)
        small = 3 + len(kind.collection.apart)

        def read(large: bool | UpTo) -> list[D]:
            names = wanted(kind.collection, large)

            def rows_of(limit: int | None, offset: int) -> list[Any]:
                statement, parameters = table.find(filters, order, limit, offset, names)
                return self._read(
                    statement, parameters, lambda rows: list(weighed(rows, large, lambda row: row[small:]))
                )

            return self._reader.page(codec_for(kind), filters, limit, offset, rows_of)

        return as_far_as_there_is_room(read, large)

    def count(self, kind: type[Document], filters: Sequence[Filter] = ()) -> int:
        count: int = self._read(*_table(kind).count(filters))[0][0]
        return count

    def distinct(self, kind: type[Document], field: str, filters: Sequence[Filter] = ()) -> list[Scalar]:
        return [value for (value,) in self._read(*_table(kind).distinct(field, filters))]

    def ping(self) -> None:
        self._readers.check_file()
        self._read(sql.PING, [])

    def close(self) -> None:
        self._readers.close()
        self._closed = True
        with contextlib.suppress(StoreUnavailable):
            self._writes.run(lambda _: None)  # waits for the batch that is running; later ones are refused
        self._close_writer()

    def _changed(self, statement: str, parameters: Sequence[Any]) -> int:
        """Run a statement; return how many rows it has changed."""
        count: int = self._writes.run(lambda connection: connection.execute(statement, parameters).rowcount)
        return count

    def _read(
        self, statement: str, parameters: Sequence[Any], fetch: Callable[[sqlite3.Cursor], list[Any]] = list
    ) -> list[Any]:
        connection = self._readers.take()
        try:
            with contextlib.closing(connection.execute(statement, parameters)) as cursor:
                rows = fetch(cursor)
        except TooMuch:
            self._readers.give_back(connection)
            raise
        except sqlite3.Error as error:
            connection.close()
            raise explain(error, self._path) from None
        except (UnicodeEncodeError, OverflowError) as error:
            self._readers.give_back(connection)
            raise InvalidInput(f"a value of the query cannot be stored in any document: {error}") from None
        self._readers.give_back(connection)
        return rows

    def _run_batch(self, batch: Sequence[Ticket[Operation]]) -> None:
        """Run all operations in one transaction. An error of one concerns it alone; one of the database, all."""
        try:
            if self._closed:
                raise StoreUnavailable(f"{self._path} was closed")
            if self._writer is None:
                self._writer = connect(self._path)
            connection = self._writer
            connection.execute(sql.BEGIN)
            for ticket in batch:
                try:
                    ticket.result = ticket.operation(connection)
                except (Conflict, StaleWrite, InvalidInput) as error:
                    ticket.error = error
                except (sqlite3.DataError, UnicodeEncodeError, OverflowError) as error:
                    ticket.error = InvalidInput(f"the document cannot be stored: {error}")
            connection.execute(sql.COMMIT)
        except sqlite3.Error as error:
            self._close_writer()
            raise explain(error, self._path) from None
        except BaseException:
            self._close_writer()
            raise

    def _close_writer(self) -> None:
        """Closing rolls back what was not committed."""
        connection, self._writer = self._writer, None
        if connection is not None:
            connection.close()


@functools.cache
def _table(kind: type[Document]) -> sql.Table:
    return sql.Table(kind.collection)


def _conflict(connection: sqlite3.Connection, document: Document, parts: Parts, error: sqlite3.Error) -> St2liteError:
    """Find out which key of the document is taken, and by which other document."""
    table = _table(type(document))
    name = table.collection.name
    for index in table.collection.indexes:
        if not index.unique:
            continue
        values = dict(zip(table.collection.fields, parts.values, strict=True), id=document.id)
        key = [values[field] for field in index.fields]
        found = connection.execute(table.same_key(index), [*key, document.id]).fetchone()
        if found:
            return Conflict(f"{name}: {' and '.join(index.fields)} taken by {found[0]}", found[0])
    if connection.execute(table.exists, [document.id]).fetchone():
        return Conflict(f"{name}: id {document.id} is taken", document.id)
    return StoreUnavailable(f"{name} {document.id}: {error}")
