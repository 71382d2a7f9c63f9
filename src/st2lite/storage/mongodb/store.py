"""The store on MongoDB, for many hosts.

A document is `{_id, rev, write, <declared fields that have a value>, body, <large attributes>}`; bodies and large
attributes are JSON text, so that no key or number in them ever meets the rules of BSON. Writes are acknowledged after
they reached the journal.

The driver does not repeat writes: `writes` finds out whether one was done when the connection breaks.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import pymongo
from bson.errors import InvalidDocument, InvalidStringData
from pymongo import MongoClient, errors
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.uri_parser import parse_uri
from pymongo.write_concern import WriteConcern

from st2lite.models.document import Document, Scalar
from st2lite.models.errors import ConfigError, Conflict, InvalidInput, StoreUnavailable
from st2lite.models.ids import new_id
from st2lite.storage.codec import Parts, apart_value, codec_for, raised
from st2lite.storage.contract import D, Filter, Order, UpTo
from st2lite.storage.damage import Reader
from st2lite.storage.filters import check_field, check_fields
from st2lite.storage.migrations import MIGRATIONS, Migration
from st2lite.storage.mongodb.look_back import LookBack
from st2lite.storage.mongodb.query import MOST_IN, Query, name_of, queries, rank, sort_of
from st2lite.storage.mongodb.quiet import QuietMonitor, quieten
from st2lite.storage.mongodb.schema import ensure_schema, forget_schema, read_schema
from st2lite.storage.mongodb.writes import DUPLICATE_CODE, Change, Replacement, Writes, is_done
from st2lite.storage.weighing import as_far_as_there_is_room, wanted, weighed

T = TypeVar("T")
Row = dict[str, Any]

DEFAULT_DATABASE = "st2"
_LOOKED_UP = "mongodb+srv:"
"""How a URI starts whose hosts only a name server knows; it is asked when the store is used."""
_SELECTION_MS = 5_000
_CONNECT_MS = 5_000
_SOCKET_MS = 60_000
_PING_SECONDS = 5
_AUTHENTICATION_CODES = (13, 18)
_AUTHENTICATION_FAILED = "AuthenticationFailed"
_NOT_ALLOWED = (
    "MongoDB refuses the user or the password of the database URL, or the user may not write there: "
    "correct the URL, or grant the role readWrite"
)
_TOO_LARGE_CODES = (10334, 17419, 17420)


class MongoStore:
    """A store in the database that the URI names (`st2` if it names none); each process has a client of its own."""

    def __init__(self, uri: str, kinds: Sequence[type[Document]], migrations: Sequence[Migration] = MIGRATIONS) -> None:
        if not uri.startswith(_LOOKED_UP):
            with _uri_explained():
                parse_uri(uri, validate=False)
        self._uri = uri
        self._kinds = tuple(kinds)
        self._migrations = tuple(migrations)
        self._closed = False
        self._databases: dict[int, Database[Row]] = {}
        # The driver makes a collection anew each time it is asked for one, which costs as much as encoding a document.
        self._collections: dict[tuple[int, str], Collection[Row]] = {}
        self._grouped: dict[tuple[int, str], Writes] = {}
        self._look_back = LookBack()
        self._reader = Reader()

    def ensure_schema(self) -> None:
        with _explained():
            ensure_schema(self._database(), self._kinds, self._migrations)

    def schema(self) -> dict[str, str]:
        with _explained():
            return read_schema(self._database())

    def forget_schema(self) -> None:
        with _explained():
            forget_schema(self._database())

    def insert(self, document: Document) -> None:
        if not document.id:
            document.id = new_id()
        parts = codec_for(type(document)).split(document)
        with _explained():
            self._insert(document, _row(document, 1, parts))
        document.rev = 1

    def insert_many(self, documents: Sequence[Document]) -> None:
        if not documents:
            return
        collection = self._collection(type(documents[0]))
        split = codec_for(type(documents[0])).split
        rows = []
        for document in documents:
            if not document.id:
                document.id = new_id()
            rows.append(_row(document, 1, split(document)))
        with _explained():
            try:
                collection.insert_many(rows)
            except errors.BulkWriteError as error:
                problem = error.details["writeErrors"][0] if error.details.get("writeErrors") else {}
                if problem.get("code") != DUPLICATE_CODE:
                    raise
                raise self._conflict(documents[problem["index"]]) from None
            except errors.ConnectionFailure:
                for document, row in zip(documents, rows, strict=True):
                    if not is_done(collection, row):
                        self._insert(document, row)
        for document in documents:
            document.rev = 1

    def get(self, kind: type[D], identifier: str) -> D | None:
        codec = codec_for(kind)
        with _explained():
            row = self._collection(kind).find_one({"_id": identifier}, _projection(kind, kind.collection.large))
        return None if row is None else codec.join(*_parts(row), map(row.get, (*codec.apart, *codec.large)))

    def replace(self, document: Document) -> None:
        kind = type(document)
        rev = document.rev + 1
        parts = codec_for(kind).split(document)
        kept = [name for name, raw in zip(kind.collection.large, parts.large, strict=True) if raw is None]
        with _explained():
            try:
                self._writes(kind).replace(Replacement(_row(document, rev, parts), kept))
            except errors.DuplicateKeyError:
                raise self._conflict(document) from None
        document.rev = rev

    def update(self, documents: Sequence[D], attribute: str) -> list[D]:
        if not documents:
            return []
        changes = [
            Change(document.id, document.rev, attribute, apart_value(document, attribute)) for document in documents
        ]
        with _explained():
            done = self._writes(type(documents[0])).change(changes)
        return raised(documents, done)

    def delete(self, kind: type[Document], identifier: str, rev: int | None = None) -> bool:
        collection = self._collection(kind)
        query = {"_id": identifier} if rev is None else {"_id": identifier, "rev": rev}
        with _explained():
            try:
                return collection.delete_one(query).deleted_count > 0
            except errors.ConnectionFailure:
                # Whether it was there before is lost with the answer; that it is gone now is what was wanted.
                return (
                    collection.delete_one(query).deleted_count > 0 or collection.find_one({"_id": identifier}) is None
                )

    def delete_many(self, kind: type[Document], filters: Sequence[Filter], limit: int = 1000) -> int:
        collection = self._collection(kind)
        check_fields(kind.collection, filters)
        deleted = 0
        with _explained():
            for query in queries(filters):
                rows = collection.find(query, {"_id": 1}).limit(limit - deleted) if deleted < limit else ()
                identifiers = [row["_id"] for row in rows]
                for start in range(0, len(identifiers), MOST_IN):
                    # The filters are asked again: a document may have changed since it was found.
                    chunk = {"$in": identifiers[start : start + MOST_IN]}
                    deleted += collection.delete_many({**query, "_id": chunk}).deleted_count
        return deleted

    def find(
        self,
        kind: type[D],
        filters: Sequence[Filter] = (),
        order: Sequence[Order] = (),
        limit: int | None = None,
        offset: int = 0,
        large: bool | UpTo = True,
    ) -> list[D]:
        check_fields(kind.collection, [*filters, *order])
        if limit == 0:
            return []
        codec = codec_for(kind)
        collection = self._collection(kind)
        attributes = (*codec.apart, *codec.large)

        def read(large: bool | UpTo) -> list[D]:
            names = wanted(kind.collection, large)
            projection = _projection(kind, names) | {name_of(key.field): 1 for key in order}

            def rows_of(limit: int | None, offset: int) -> Iterator[tuple[Any, ...]]:
                def find(filters: Sequence[Filter]) -> list[Row]:
                    found = _find(collection, list(queries(filters)), projection, sort_of(order), limit, offset)
                    return list(weighed(found, large, lambda row: map(row.get, names)))

                with _explained():
                    rows = self._look_back.page(kind.collection.name, filters, order, limit, find)
                return ((*_parts(row), *map(row.get, attributes)) for row in rows)

            return self._reader.page(codec, filters, limit, offset, rows_of)

        return as_far_as_there_is_room(read, large)

    def count(self, kind: type[Document], filters: Sequence[Filter] = ()) -> int:
        check_fields(kind.collection, filters)
        collection = self._collection(kind)
        with _explained():
            if not filters:
                return collection.estimated_document_count()
            return sum(collection.count_documents(query) for query in queries(filters))

    def distinct(self, kind: type[Document], field: str, filters: Sequence[Filter] = ()) -> list[Scalar]:
        check_fields(kind.collection, filters)
        check_field(kind.collection, field)
        collection = self._collection(kind)
        # As rows of a cursor the values may come to any size, and a field without a value is one of them. The answer of
        # the command of that name must fit into one document.
        group = {"$group": {"_id": f"${name_of(field)}"}}
        found: set[Scalar] = set()
        with _explained():
            for query in queries(filters):
                with collection.aggregate([{"$match": query}, group], allowDiskUse=True) as rows:
                    found.update(row["_id"] for row in rows)
        return sorted(found, key=rank)

    def ping(self) -> None:
        with _explained(), pymongo.timeout(_PING_SECONDS):
            self._database().command("ping")

    def close(self) -> None:
        self._closed = True
        self._collections.clear()
        while self._databases:
            _, database = self._databases.popitem()
            database.client.close()

    def _database(self) -> Database[Row]:
        if self._closed:
            raise StoreUnavailable("the database was closed")
        process = os.getpid()
        if process not in self._databases:
            database = _connect(self._uri)
            if self._databases.setdefault(process, database) is not database:
                database.client.close()
        return self._databases[process]

    def _collection(self, kind: type[Document]) -> Collection[Row]:
        key = (os.getpid(), kind.collection.name)
        known = self._collections.get(key)
        if known is None:
            known = self._collections[key] = self._database()[kind.collection.name]
        return known

    def _writes(self, kind: type[Document]) -> Writes:
        key = (os.getpid(), kind.collection.name)
        known = self._grouped.get(key)
        return known if known is not None else self._grouped.setdefault(key, Writes(self._collection(kind)))

    def _insert(self, document: Document, row: Row) -> None:
        try:
            self._writes(type(document)).insert(row)
        except errors.DuplicateKeyError:
            raise self._conflict(document) from None

    def _conflict(self, document: Document) -> Conflict:
        """Find out which key of the document is taken, and by which other document."""
        declared = document.collection
        codec = codec_for(type(document))
        values = dict(zip(codec.field_names, codec.values(document), strict=True))
        for index in declared.indexes:
            key = {name_of(field): values.get(field, document.id) for field in index.fields}
            if not index.unique or None in key.values():
                continue
            found = self._collection(type(document)).find_one(key, {"_id": 1})
            if found and found["_id"] != document.id:
                return Conflict(f"{declared.name}: {' and '.join(index.fields)} taken by {found['_id']}", found["_id"])
        return Conflict(f"{declared.name}: id {document.id} is taken", document.id)


def _connect(uri: str) -> Database[Row]:
    """A client that connects when it is used; the options of the URI come first. Raise `ConfigError` if it is wrong."""
    defaults: dict[str, Any] = {
        "serverSelectionTimeoutMS": _SELECTION_MS,
        "connectTimeoutMS": _CONNECT_MS,
        "socketTimeoutMS": _SOCKET_MS,
        "appname": "st2lite",
    }
    with _uri_explained():
        given = {name.lower() for name in parse_uri(uri, validate=False)["options"]}
        options = {name: value for name, value in defaults.items() if name.lower() not in given}
        client: MongoClient[Row] = MongoClient(
            uri, connect=False, retryWrites=False, _monitor_class=QuietMonitor, **options
        )
        try:
            quieten(client)
            concern = WriteConcern(**{"w": 1, **client.write_concern.document, "j": True})
            return client.get_default_database(DEFAULT_DATABASE).with_options(write_concern=concern)
        except BaseException:
            client.close()
            raise


@contextlib.contextmanager
def _uri_explained() -> Iterator[None]:
    try:
        yield
    except (errors.InvalidURI, errors.ConfigurationError, ValueError, OSError) as error:
        raise ConfigError(f"database URL: {error}; write mongodb://user:password@host:27017/database") from None


def _row(document: Document, rev: int, parts: Parts) -> Row:
    kind = type(document)
    row: Row = {"_id": document.id, "rev": rev, "write": new_id()}
    for name, value in zip(kind.collection.fields, parts.values, strict=True):
        if value is not None:
            row[name] = value
    row["body"] = parts.body.decode()
    for name, raw in zip(kind.collection.large, parts.large, strict=True):
        if raw is not None:
            row[name] = str(raw, "utf-8")
    return row


def _parts(row: Row) -> tuple[Any, Any, Any]:
    """Id, revision and body; None for what somebody else has taken out."""
    return row["_id"], row.get("rev"), row.get("body")


def _projection(kind: type[Document], large: Sequence[str]) -> dict[str, int]:
    return dict.fromkeys(("rev", "body", *kind.collection.apart, *large), 1)


def _find(
    collection: Collection[Row],
    parts: Sequence[Query],
    projection: dict[str, int],
    sort: list[tuple[str, int]],
    limit: int | None,
    offset: int,
) -> Iterator[Row]:
    """Run a query, or several whose results are merged."""
    if len(parts) == 1:
        with collection.find(parts[0], projection, sort=sort, skip=offset, limit=limit or 0) as cursor:
            yield from cursor
        return
    end = None if limit is None else offset + limit
    rows: list[Row] = []
    for query in parts:
        rows += collection.find(query, projection, sort=sort, limit=end or 0)
    for name, direction in reversed(sort):
        rows.sort(key=lambda row: rank(row.get(name)), reverse=direction < 0)
    yield from rows[offset:end]


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Turn the driver's errors into those of the contract, with what to do about them."""
    try:
        yield
    except errors.ServerSelectionTimeoutError as error:
        reason = str(error).partition(", Timeout:")[0]
        if _AUTHENTICATION_FAILED in reason:
            raise StoreUnavailable(_NOT_ALLOWED) from None
        raise StoreUnavailable(f"no MongoDB server answers ({reason}): start it, or correct the database URL") from None
    except errors.ConnectionFailure as error:
        raise StoreUnavailable(f"the connection to MongoDB broke ({error}): the write may not have happened") from None
    except (InvalidDocument, InvalidStringData, OverflowError, UnicodeEncodeError) as error:
        raise InvalidInput(f"a value cannot be stored in MongoDB: {error}") from None
    except errors.OperationFailure as error:
        if error.code in _AUTHENTICATION_CODES:
            raise StoreUnavailable(_NOT_ALLOWED) from None
        if error.code in _TOO_LARGE_CODES:
            raise InvalidInput("the document is larger than the 16 MB that MongoDB stores: make it smaller") from None
        raise StoreUnavailable(f"MongoDB: {error}") from None
    except errors.PyMongoError as error:
        raise StoreUnavailable(f"MongoDB: {error}") from None
