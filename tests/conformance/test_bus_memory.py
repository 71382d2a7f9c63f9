"""The in-process bus."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from st2lite.messaging.contract import Bus
from st2lite.messaging.open import open_bus
from st2lite.models.errors import ConfigError
from tests.conformance.bus_suite import BusSuite


class TestMemoryBus(BusSuite):
    @pytest.fixture
    def bus(self) -> Iterator[Bus]:
        bus = open_bus("memory://")
        bus.declare()
        yield bus
        bus.close()


def test_an_unknown_bus_is_refused() -> None:
    with pytest.raises(ConfigError, match="redis"):
        open_bus("redis://localhost")
