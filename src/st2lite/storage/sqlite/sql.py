# ruff: noqa: S608 - names come from declarations in the code and are quoted; values are always parameters
"""Every SQL statement of the SQLite backend; nothing here touches a database.

A collection is one table: `id`, `rev`, one column per declared field, `body`, and last, so that a row's other columns
are read without them, one column per large attribute.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from st2lite.models.document import Collection, Index
from st2lite.storage.contract import Equal, Exists, Filter, In, Order, Prefix, Range
from st2lite.storage.filters import after_prefix, bounds_of, check_field, check_fields, value_of, values_of
from st2lite.storage.migrations import index_fields, index_name

BEGIN = "BEGIN IMMEDIATE"
COMMIT = "COMMIT"
SAVE = "SAVEPOINT many"
RELEASE = "RELEASE many"
UNDO = "ROLLBACK TO many"

CREATE_META = "CREATE TABLE IF NOT EXISTS st2lite_schema (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)"
READ_META = "SELECT key, value FROM st2lite_schema"
FORGET_META = "DELETE FROM st2lite_schema"
WRITE_META = (
    "INSERT INTO st2lite_schema (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)
PING = "SELECT count(*) FROM sqlite_master"

_RESERVED = ("id", "rev", "body")
_SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_MOST_PLACEHOLDERS = 900

Query = tuple[str, list[Any]]


class Table:
    """The statements of one collection."""

    def __init__(self, collection: Collection) -> None:
        for name in (*collection.fields, *collection.large):
            if name in _RESERVED or not name.isidentifier():
                raise ValueError(f"collection {collection.name}: {name} cannot be the name of a field")
        self.collection = collection
        self.name = _quote(collection.name)
        fields = [_quote(name) for name in collection.fields]
        large = [_quote(name) for name in collection.large]
        columns = ["id", "rev", *fields, "body", *large]
        self.create = (
            f"CREATE TABLE IF NOT EXISTS {self.name} (id TEXT PRIMARY KEY NOT NULL, rev INTEGER NOT NULL, "
            + "".join(f"{column}, " for column in fields)
            + ", ".join(["body BLOB NOT NULL", *(f"{column} BLOB" for column in large)])
            + ")"
        )
        self.insert = f"INSERT INTO {self.name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        self.values = f"SELECT {', '.join(fields) or '1'} FROM {self.name} WHERE id = ? AND rev = ?"
        self.delete = f"DELETE FROM {self.name} WHERE id = ?"
        self.delete_rev = f"{self.delete} AND rev = ?"
        small = ["id, rev, body", *map(_quote, collection.apart)]
        self._small = small
        self.get = f"SELECT {', '.join([*small, *large])} FROM {self.name} WHERE id = ?"
        self.exists = f"SELECT 1 FROM {self.name} WHERE id = ?"
        self.page = f"SELECT {', '.join(small)} FROM {self.name} WHERE id > ? ORDER BY id LIMIT ?"
        self.columns = f"SELECT name FROM pragma_table_info({_literal(collection.name)})"
        self.index_names = f"SELECT name FROM pragma_index_list({_literal(collection.name)}) WHERE origin = 'c'"

    def replace(self, changed: Iterable[str]) -> str:
        """Write body and large attributes, and those declared fields that have changed.

        SQLite rebuilds the entries of every index on a column that is set, even to the value it has.
        """
        changes = ["rev = ?", *(f"{_quote(name)} = ?" for name in changed), "body = ?"]
        # An empty large attribute was not read (`large=False`), so what is stored must survive the write.
        changes += [f"{_quote(name)} = coalesce(?, {_quote(name)})" for name in self.collection.large]
        return f"UPDATE {self.name} SET {', '.join(changes)} WHERE id = ? AND rev = ?"

    def update(self, name: str) -> str:
        """Write one attribute that is kept apart: parameters are the new `rev`, the value, `id` and the old `rev`."""
        return f"UPDATE {self.name} SET rev = ?, {_quote(name)} = ? WHERE id = ? AND rev = ?"

    def add_column(self, name: str) -> str:
        return f"ALTER TABLE {self.name} ADD COLUMN {_quote(name)}{' BLOB' if name in self.collection.large else ''}"

    def set_columns(self, names: Sequence[str]) -> str:
        return f"UPDATE {self.name} SET {', '.join(f'{_quote(name)} = ?' for name in names)} WHERE id = ?"

    def indexes(self) -> dict[str, str]:
        """Statements that create the declared indexes, by index name."""
        return dict(map(self._index, self.collection.indexes))

    def _index(self, index: Index) -> tuple[str, str]:
        name = index_name(self.collection, index)
        columns = ", ".join(map(_quote, index_fields(index)))
        unique = "UNIQUE " if index.unique else ""
        return name, f"CREATE {unique}INDEX IF NOT EXISTS {_quote(name)} ON {self.name} ({columns})"

    @staticmethod
    def drop_index(name: str) -> str:
        return f"DROP INDEX IF EXISTS {_quote(name)}"

    def same_key(self, index: Index) -> str:
        """Find the other document that has this key: parameters are the values of the index, then the own `id`."""
        conditions = " AND ".join(f"{_quote(field)} = ?" for field in index.fields)
        return f"SELECT id FROM {self.name} WHERE {conditions} AND id <> ?"

    def find(
        self, filters: Sequence[Filter], order: Sequence[Order], limit: int | None, offset: int, large: Sequence[str]
    ) -> Query:
        """Rows of `id`, `rev`, `body`, attributes that are kept apart and, unless none is named, the large ones.

        Those that are not named are null.
        """
        check_fields(self.collection, order)
        where, parameters = self._where(filters)
        columns = [_quote(name) if name in large else "NULL" for name in self.collection.large] if large else []
        selected = f"SELECT {', '.join([*self._small, *columns])} FROM {self.name}"
        sql = f"{selected}{where} ORDER BY {_order(order)}"
        if limit is not None or offset:
            sql += " LIMIT ? OFFSET ?"
            parameters += [-1 if limit is None else limit, offset]
        return sql, parameters

    def count(self, filters: Sequence[Filter]) -> Query:
        where, parameters = self._where(filters)
        return f"SELECT count(*) FROM {self.name}{where}", parameters

    def distinct(self, field: str, filters: Sequence[Filter]) -> Query:
        check_field(self.collection, field)
        where, parameters = self._where(filters)
        return f"SELECT DISTINCT {_quote(field)} FROM {self.name}{where} ORDER BY 1", parameters

    def delete_many(self, filters: Sequence[Filter], limit: int) -> Query:
        where, parameters = self._where(filters)
        chosen = f"SELECT rowid FROM {self.name}{where} LIMIT ?"
        return f"DELETE FROM {self.name} WHERE rowid IN ({chosen})", [*parameters, limit]

    def _where(self, filters: Sequence[Filter]) -> Query:
        check_fields(self.collection, filters)
        parameters: list[Any] = []
        conditions = [_condition(filter_, parameters) for filter_ in filters]
        return (f" WHERE {' AND '.join(conditions)}" if conditions else ""), parameters


def _condition(filter_: Filter, parameters: list[Any]) -> str:
    """The condition of one filter; its values are added to `parameters`."""
    column = _quote(filter_.field)
    if isinstance(filter_, Equal):
        value = value_of(filter_)
        if value is None:
            return f"{column} IS NULL"
        parameters.append(value)
        return f"{column} = ?"
    if isinstance(filter_, In):
        return _in(column, values_of(filter_), parameters)
    if isinstance(filter_, Range):
        bounds = bounds_of(filter_)
        parameters.extend(bounds.values())
        return " AND ".join(f"{column} {_SIGNS[name]} ?" for name in bounds) or f"{column} IS NOT NULL"
    if isinstance(filter_, Exists):
        return f"{column} IS NOT NULL" if filter_.exists else f"{column} IS NULL"
    return _prefix(column, filter_, parameters)


def _in(column: str, values: list[Any], parameters: list[Any]) -> str:
    if len(values) <= _MOST_PLACEHOLDERS:
        parameters.extend(values)
        return f"{column} IN ({', '.join('?' * len(values))})"
    parameters.append(msgspec.json.encode(values).decode())
    return f"{column} IN (SELECT value FROM json_each(?))"


def _prefix(column: str, filter_: Prefix, parameters: list[Any]) -> str:
    end = after_prefix(filter_.text)
    parameters.append(filter_.text)
    if end is None:
        return f"{column} >= ?"
    parameters.append(end)
    return f"{column} >= ? AND {column} < ?"


def _order(order: Sequence[Order]) -> str:
    keys = [f"{_quote(key.field)} DESC" if key.descending else _quote(key.field) for key in order]
    if not any(key.field == "id" for key in order):
        keys.append("id DESC" if order and order[-1].descending else "id")
    return ", ".join(keys)


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def row(identifier: str, rev: int, values: Iterable[Any], body: bytes, large: Iterable[Any]) -> list[Any]:
    """Parameters of `Table.insert`."""
    return [identifier, rev, *values, body, *large]
