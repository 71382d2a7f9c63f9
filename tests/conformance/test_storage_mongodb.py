"""The MongoDB backend passes the storage suite over a real wire connection, with a user and a password."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from st2lite.models.document import Document
from st2lite.storage.contract import Store
from st2lite.storage.migrations import Migration
from st2lite.storage.open import open_store
from tests.conformance.storage_suite import StorageConformance
from tests.conformance.storage_suite.items import Database
from tests.servers.mongod import MongoServer

_numbers = itertools.count()


class TestMongoStorage(StorageConformance):
    @pytest.fixture
    def database(self, mongo_server: MongoServer) -> Iterator[Database]:
        uri = mongo_server.uri(f"suite{next(_numbers)}")
        stores = []

        def open_one(*kinds: type[Document], migrations: tuple[Migration, ...] = ()) -> Store:
            stores.append(open_store(uri, kinds, migrations))
            return stores[-1]

        yield open_one
        for store in stores:
            store.close()
