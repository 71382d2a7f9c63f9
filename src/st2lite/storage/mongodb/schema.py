"""Bringing a MongoDB database up to date: indexes, fields of stored documents, numbered migrations."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import ASCENDING, IndexModel
from pymongo.collection import Collection as MongoCollection
from pymongo.database import Database

from st2lite.models.document import Collection, Document
from st2lite.storage.codec import codec_for
from st2lite.storage.migrations import (
    Migration,
    brought_up,
    index_fields,
    index_name,
    new_fields,
    pending,
    wanted_meta,
)
from st2lite.storage.mongodb.query import name_of

_META = "st2lite_schema"

Row = dict[str, Any]


def read_schema(database: Database[Row]) -> dict[str, str]:
    """What the database remembers of its schema."""
    return {row["_id"]: row["value"] for row in database[_META].find()}


def forget_schema(database: Database[Row]) -> None:
    """Remember nothing of it any more."""
    database[_META].delete_many({})


def ensure_schema(database: Database[Row], kinds: Sequence[type[Document]], migrations: Sequence[Migration]) -> None:
    """Create what is missing and migrate what is old. One read if all is up to date; several processes may do it."""
    meta = read_schema(database)
    wanted = wanted_meta([kind.collection for kind in kinds], migrations)
    wanted |= {f"indexes:{kind.collection.name}": _fingerprint(kind.collection) for kind in kinds}
    steps = pending(meta, migrations)
    if not steps and all(meta.get(key) == value for key, value in wanted.items()):
        return
    for kind in kinds:
        collection = database[kind.collection.name]
        changes = [step for step in steps if step.collection == kind.collection.name]
        if changes or new_fields(meta, kind.collection):
            _rewrite(collection, kind, changes)
        _build_indexes(collection, kind.collection)
    for key, value in wanted.items():
        if meta.get(key) != value:
            database[_META].update_one({"_id": key}, {"$set": {"value": value}}, upsert=True)


def _fingerprint(collection: Collection) -> str:
    return json.dumps([[index_name(collection, index), index_fields(index)] for index in collection.indexes])


def _build_indexes(collection: MongoCollection[Row], declared: Collection) -> None:
    models = []
    for index in declared.indexes:
        options: dict[str, Any] = {"unique": index.unique}
        if index.unique:
            options["partialFilterExpression"] = {name_of(field): {"$exists": True} for field in index.fields}
        keys = [(name_of(field), ASCENDING) for field in index_fields(index)]
        models.append(IndexModel(keys, name=index_name(declared, index), **options))
    names = {model.document["name"] for model in models}
    prefixes = (f"ix_{declared.name}__", f"uq_{declared.name}__")
    for name in list(collection.index_information()):
        if name.startswith(prefixes) and name not in names:
            collection.drop_index(name)
    if models:
        collection.create_indexes(models)


def _rewrite(collection: MongoCollection[Row], kind: type[Document], steps: Sequence[Migration]) -> None:
    """Apply migrations to every body, and read the declared fields off the document that it holds then."""
    wanted = dict.fromkeys(("rev", "body", *kind.collection.apart), 1)
    for row in collection.find({}, wanted):
        current: Mapping[str, Any] | None = row
        while current is not None and not _rewrite_one(collection, kind, steps, current):
            current = collection.find_one({"_id": row["_id"]}, wanted)


def _rewrite_one(
    collection: MongoCollection[Row], kind: type[Document], steps: Sequence[Migration], row: Mapping[str, Any]
) -> bool:
    """Tell whether that is done with; it is not if someone else changed the document meanwhile."""
    codec = codec_for(kind)
    new = brought_up(codec, row["_id"], row.get("rev", 0), row.get("body", ""), map(row.get, codec.apart), steps)
    if new is None:
        return True
    body = new[0] if isinstance(new[0], str) else new[0].decode()
    values = dict(zip(codec.field_names, codec.values(new[1]), strict=True))
    update: Row = {"$set": {"body": body, **{name: value for name, value in values.items() if value is not None}}}
    gone = {name: "" for name, value in values.items() if value is None}
    if gone:
        update["$unset"] = gone
    return collection.update_one({"_id": row["_id"], "rev": row["rev"]}, update).matched_count == 1
