"""Servers shared by the tests of one run, each started when the first test asks for it; and settings for all tests."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import hypothesis
import pytest

from tests.servers.mongod import MongoServer
from tests.servers.rabbitmq import RabbitServer

collect_ignore = ["fixtures"]
"""Packs have tests of their own."""

# A busy machine is slow: how long an example takes says nothing about the code.
hypothesis.settings.register_profile("st2lite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("st2lite")


@pytest.fixture(scope="session")
def mongo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongoServer]:
    """A MongoDB server with authentication; give each test a database of its own: `mongo_server.uri(database)`."""
    with MongoServer(tmp_path_factory.mktemp("mongod"), auth=True) as server:
        yield server


@pytest.fixture(scope="session")
def rabbit_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitServer]:
    """A RabbitMQ node that nobody stops; a test that has to takes one of its own."""
    with RabbitServer(tmp_path_factory.mktemp("rabbitmq")) as server:
        yield server


@pytest.fixture
def root_logger() -> Iterator[None]:
    """For tests that set up logging: handlers and level of the root logger are what they were afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
