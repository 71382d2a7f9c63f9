"""The SQLite backend passes the storage suite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from st2lite.models.document import Document
from st2lite.storage.contract import Store
from st2lite.storage.migrations import Migration
from st2lite.storage.open import open_store
from tests.conformance.storage_suite import StorageConformance
from tests.conformance.storage_suite.items import Database


class TestSQLiteStorage(StorageConformance):
    @pytest.fixture
    def database(self, tmp_path: Path) -> Iterator[Database]:
        stores = []

        def open_one(*kinds: type[Document], migrations: tuple[Migration, ...] = ()) -> Store:
            stores.append(open_store(f"sqlite://{tmp_path}/st2.db", kinds, migrations))
            return stores[-1]

        yield open_one
        for store in stores:
            store.close()
