"""Servers shared by the tests of one run, each started when the first test asks for it; and settings for all tests."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import hypothesis
import pytest

from st2lite.http.audit import LOGGER as AUDIT_LOGGER
from st2lite.services.logs import QUIET
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


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[None]:
    """Undo what a command that a test calls does to logging: else what is logged depends on the tests before."""
    root, audit = logging.getLogger(), logging.getLogger(AUDIT_LOGGER)
    handlers, disabled = root.handlers[:], audit.disabled
    levels = {name: logging.getLogger(name).level for name in (None, *QUIET)}
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:], audit.disabled = handlers, disabled
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
