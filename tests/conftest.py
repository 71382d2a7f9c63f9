"""Servers shared by the tests of one run; each is started when the first test asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.mongod import MongoServer


@pytest.fixture(scope="session")
def mongo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongoServer]:
    """A MongoDB server with authentication; give each test a database of its own: `mongo_server.uri(database)`."""
    with MongoServer(tmp_path_factory.mktemp("mongod"), auth=True) as server:
        yield server
