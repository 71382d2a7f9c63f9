"""From a database URL to a store."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import st2lite.models
from st2lite.models.document import Document
from st2lite.models.errors import ConfigError
from st2lite.storage.contract import Store
from st2lite.storage.migrations import MIGRATIONS, Migration


def open_store(
    url: str, kinds: Sequence[type[Document]] | None = None, migrations: Sequence[Migration] = MIGRATIONS
) -> Store:
    """Open `sqlite:///absolute/path` or `mongodb://…/database`; nothing connects before the first use.

    `kinds` are the document classes to create collections for, by default all of `st2lite.models`. Raise `ConfigError`
    for any other URL.
    """
    kinds = document_classes() if kinds is None else kinds
    scheme = url.partition("://")[0]
    if scheme == "sqlite":
        from st2lite.storage.sqlite.store import SQLiteStore

        return SQLiteStore(_sqlite_path(url), kinds, migrations)
    if scheme in ("mongodb", "mongodb+srv"):
        from st2lite.storage.mongodb.store import MongoStore

        return MongoStore(url, kinds, migrations)
    raise ConfigError(
        f'database URL of scheme "{scheme}": write sqlite:///path/to/file.db or mongodb://user:password@host/database'
    )


def document_classes() -> list[type[Document]]:
    """Every document class that a module of `st2lite.models` defines."""
    found: dict[str, type[Document]] = {}
    for module in pkgutil.iter_modules(st2lite.models.__path__, "st2lite.models."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, Document) and hasattr(value, "collection"):
                found[value.collection.name] = value
    return list(found.values())


def _sqlite_path(url: str) -> Path:
    parts = urlsplit(url)
    if parts.netloc or not parts.path.startswith("/") or parts.path == "/":
        raise ConfigError("database URL: write three slashes and an absolute path, as in sqlite:///var/lib/st2/st2.db")
    return Path(unquote(parts.path))
