"""Numbered changes to what is stored, and what a backend has to bring up to date.

New collections, fields and indexes need no migration: `ensure_schema` creates them and fills them from the bodies. A
migration is for bodies that the document class of this release could not read, or would read wrongly.

A store remembers two things under text keys: `version`, the number of the last migration, and `fields:<collection>`,
the names of the fields that are filled in, as a JSON list.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from st2lite.models.document import Collection, Index
from st2lite.models.errors import DamagedDocument, StoreUnavailable
from st2lite.storage.codec import Codec
from st2lite.storage.contract import D

logger = logging.getLogger(__name__)

INITIAL_VERSION = 1
VERSION_KEY = "version"

Body = dict[str, Any]


@dataclass(frozen=True)
class Migration:
    """One step: `change` turns a stored body of `collection` into a new one; it must leave one it made unchanged."""

    version: int
    collection: str
    change: Callable[[Body], Body]


MIGRATIONS: tuple[Migration, ...] = ()


def target_version(migrations: Sequence[Migration]) -> int:
    """The version that a store has when all migrations are done."""
    return max((migration.version for migration in migrations), default=INITIAL_VERSION)


def is_newer(meta: Mapping[str, str], migrations: Sequence[Migration] = MIGRATIONS) -> bool:
    """Whether a store with these remembered values was written by a release that knows more migrations."""
    target = target_version(migrations)
    return int(meta.get(VERSION_KEY, target)) > target


def pending(meta: Mapping[str, str], migrations: Sequence[Migration]) -> list[Migration]:
    """The migrations that a store with these remembered values still needs; `StoreUnavailable` if it is newer than us.

    A store that remembers nothing is new: it has nothing to migrate.
    """
    target = target_version(migrations)
    stored = int(meta.get(VERSION_KEY, target))
    if is_newer(meta, migrations):
        raise StoreUnavailable(
            f"the database was written by a newer release (schema {stored}, this one knows {target}): "
            "install that release, or restore a backup made before the upgrade"
        )
    return sorted((step for step in migrations if step.version > stored), key=lambda step: step.version)


def brought_up(
    codec: Codec[D], identifier: str, rev: int, body: bytes | str, apart: Iterable[Any], steps: Iterable[Migration]
) -> tuple[bytes | str, D] | None:
    """A stored body after these migrations, and the document that it holds then.

    None, and a word in the log, if it cannot be read: one such document does not keep a release from starting.
    """
    try:
        try:
            for step in steps:
                body = msgspec.json.encode(step.change(msgspec.json.decode(body, type=dict)))
        except (msgspec.DecodeError, TypeError, RecursionError) as error:
            raise codec.damaged(identifier, error) from None
        return body, codec.join(identifier, rev, body, apart)
    except DamagedDocument as error:
        logger.error("Not brought up to date: %s", error.message)
        return None


def index_name(collection: Collection, index: Index) -> str:
    """The name of an index in the database."""
    return f"{'uq' if index.unique else 'ix'}_{collection.name}__{'__'.join(index.fields)}"


def index_fields(index: Index) -> tuple[str, ...]:
    """The fields of an index as built: `id` at the end serves an ordered list, whose ties it breaks, without a sort."""
    return index.fields if index.unique or "id" in index.fields else (*index.fields, "id")


def fields_key(collection: Collection) -> str:
    """The key under which the filled-in fields of a collection are remembered."""
    return f"fields:{collection.name}"


def new_fields(meta: Mapping[str, str], collection: Collection) -> list[str]:
    """The declared fields that are not filled in yet; all of them if the collection is not remembered."""
    known = set(json.loads(meta.get(fields_key(collection), "[]")))
    return [name for name in collection.fields if name not in known]


def rewritten(
    meta: Mapping[str, str], collections: Sequence[Collection], migrations: Sequence[Migration] = MIGRATIONS
) -> list[str]:
    """What bringing a store up to date writes into documents, a line each; `StoreUnavailable` if it is newer than us.

    While that lasts, and after it, no process of the former release may write: what it wrote would be left as it is.
    """
    if not meta:
        return []
    known = [collection for collection in collections if fields_key(collection) in meta]  # the others are new
    return [
        *(f"migration {step.version}, of {step.collection}" for step in pending(meta, migrations)),
        *(f"new fields of {each.name}: {', '.join(names)}" for each in known if (names := new_fields(meta, each))),
    ]


def wanted_meta(collections: Sequence[Collection], migrations: Sequence[Migration]) -> dict[str, str]:
    """What a store remembers when its schema is up to date."""
    meta = {VERSION_KEY: str(target_version(migrations))}
    for collection in collections:
        meta[fields_key(collection)] = json.dumps(sorted(collection.fields))
    return meta
