"""Bringing a SQLite file up to date: tables, columns, indexes and numbered migrations, in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from st2lite.models.document import Document
from st2lite.storage.codec import codec_for
from st2lite.storage.migrations import Migration, brought_up, new_fields, pending, wanted_meta
from st2lite.storage.sqlite import sql

_BATCH = 500


def read_schema(connection: sqlite3.Connection) -> dict[str, str]:
    """What the file remembers of its schema."""
    connection.execute(sql.CREATE_META)
    return dict(connection.execute(sql.READ_META).fetchall())


def forget_schema(connection: sqlite3.Connection) -> None:
    """Remember nothing of it any more."""
    connection.execute(sql.CREATE_META)
    connection.execute(sql.FORGET_META)


def ensure_schema(
    connection: sqlite3.Connection, kinds: Sequence[type[Document]], migrations: Sequence[Migration]
) -> None:
    """Create what is missing and migrate what is old; the caller holds the transaction."""
    meta = read_schema(connection)
    steps = pending(meta, migrations)
    for kind in kinds:
        table = sql.Table(kind.collection)
        connection.execute(table.create)
        present = {name for (name,) in connection.execute(table.columns)}
        for name in (*kind.collection.fields, *kind.collection.large):
            if name not in present:
                connection.execute(table.add_column(name))
        changes = [step for step in steps if step.collection == kind.collection.name]
        if changes or new_fields(meta, kind.collection):
            _rewrite(connection, table, kind, changes)
        wanted = table.indexes()
        for (name,) in connection.execute(table.index_names).fetchall():
            if name not in wanted:
                connection.execute(table.drop_index(name))
        for statement in wanted.values():
            connection.execute(statement)
    for key, value in wanted_meta([kind.collection for kind in kinds], migrations).items():
        if meta.get(key) != value:
            connection.execute(sql.WRITE_META, [key, value])


def _rewrite(
    connection: sqlite3.Connection, table: sql.Table, kind: type[Document], steps: Iterable[Migration]
) -> None:
    """Apply migrations to every body, and read the declared fields off the document that it holds then."""
    codec = codec_for(kind)
    update = table.set_columns(["body", *codec.field_names])
    last = ""
    while rows := connection.execute(table.page, [last, _BATCH]).fetchall():
        for identifier, rev, stored, *apart in rows:
            new = brought_up(codec, identifier, rev, stored, apart, steps)
            if new is not None:
                body, document = new
                connection.execute(update, [body, *codec.values(document), identifier])
        last = rows[-1][0]
