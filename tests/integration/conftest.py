"""A store and a bus as standalone has them, which most of these tests stand on."""

import time

import pytest

from st2lite.messaging.memory import MemoryBus
from st2lite.storage.open import open_store
from tests.processes import PATIENCE


@pytest.fixture
def store(tmp_path):
    store = open_store(f"sqlite://{tmp_path}/st2.db")
    store.ensure_schema()
    yield store
    store.close()


@pytest.fixture
def bus():
    bus = MemoryBus()
    bus.declare()
    yield bus
    bus.close()


class Clock:
    """Gives epoch seconds, which pass when a test says so."""

    def __init__(self):
        self.seconds = time.time()

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def wait_until():
    """Wait until something holds; tell whether it does."""

    def wait(holds, seconds=PATIENCE):
        deadline = time.monotonic() + seconds
        while not holds() and time.monotonic() < deadline:
            time.sleep(0.005)
        return holds()

    return wait
