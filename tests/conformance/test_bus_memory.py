"""The in-process bus."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from st2lite.messaging.contract import WORK, Bus
from st2lite.messaging.memory import MemoryBus
from st2lite.messaging.messages import WorkRequested
from st2lite.messaging.open import open_bus
from st2lite.models.errors import ConfigError
from tests.conformance.bus_suite import BusSuite, Inbox, make_execution


class TestMemoryBus(BusSuite):
    @pytest.fixture
    def bus(self) -> Iterator[Bus]:
        bus = open_bus("memory://")
        bus.declare()
        yield bus
        bus.close()


def test_a_message_to_a_queue_that_another_thread_is_declaring_is_kept() -> None:
    bus = MemoryBus()
    execution = make_execution()

    class Handover:
        """A lock which another thread gets as soon as it is let go for the first time."""

        def __init__(self) -> None:
            self._lock = threading.Lock()
            self._others = 1

        def __enter__(self) -> None:
            self._lock.acquire()

        def __exit__(self, *_: object) -> None:
            self._lock.release()
            while self._others:
                self._others -= 1
                bus.declare()
                bus.publish(WorkRequested(execution))

    bus._lock = Handover()  # type: ignore[assignment]
    bus.declare()
    inbox = Inbox()
    bus.consume(WORK, inbox.consume, prefetch=1)
    assert inbox.next() == WorkRequested(execution)
    bus.close()


def test_an_unknown_bus_is_refused() -> None:
    with pytest.raises(ConfigError, match="redis"):
        open_bus("redis://localhost")
