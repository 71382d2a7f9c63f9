import pytest

from tests.integration.reactor.engine_rig import Rig, fill


@pytest.fixture
def rig(store, bus):
    """A rules engine that is not started; see `Rig`."""
    fill(store)
    rig = Rig(store, bus)
    yield rig
    rig.engine.stop()
