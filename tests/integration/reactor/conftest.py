import time

import pytest

from st2lite.messaging.memory import MemoryBus
from st2lite.storage.open import open_store
from tests.integration.reactor.engine_rig import Rig, fill


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


@pytest.fixture
def rig(store, bus):
    """A rules engine that is not started; see `Rig`."""
    fill(store)
    rig = Rig(store, bus)
    yield rig
    rig.engine.stop()


@pytest.fixture
def wait_until():
    """Wait until something holds; tell whether it does."""

    def wait(holds, seconds=30.0):
        deadline = time.monotonic() + seconds
        while not holds() and time.monotonic() < deadline:
            time.sleep(0.005)
        return holds()

    return wait
