"""How long publishers wait for a broker that is not there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from st2lite.messaging.amqp_connection import Broker
from st2lite.messaging.amqp_publisher import Publisher
from st2lite.models.errors import BusUnavailable
from tests.processes import PATIENCE


class Absent(Broker):
    """A broker that refuses all connections, and counts them."""

    def __init__(self) -> None:
        super().__init__(["amqp://127.0.0.1:1//"])
        self.asked = 0

    def connect(self, timeout: float, heartbeat: float = 0) -> None:  # type: ignore[override]
        self.asked += 1
        raise ConnectionRefusedError


@pytest.fixture
def broker() -> Absent:
    return Absent()


@pytest.fixture
def publisher(broker: Absent) -> Iterator[Publisher]:
    publisher = Publisher(broker, 1.0, lambda _channel: None)
    yield publisher
    publisher.close()


def test_only_the_first_waits_for_a_broker_that_is_away(broker: Absent, publisher: Publisher) -> None:
    """Else every thread of a service would wait, and it could not even answer what needs no broker."""
    with pytest.raises(BusUnavailable):
        publisher.publish("t", b"", durable=True)
    assert broker.asked > 1
    broker.asked = 0
    for _ in range(3):
        with pytest.raises(BusUnavailable):
            publisher.publish("t", b"", durable=True)
    assert broker.asked == 3


def test_nobody_waits_behind_the_one_who_asks_a_broker_that_hangs(broker: Absent, publisher: Publisher) -> None:
    with pytest.raises(BusUnavailable):
        publisher.publish("t", b"", durable=True)
    asked, go_on = threading.Event(), threading.Event()

    def hang(timeout: float, heartbeat: float = 0) -> None:
        asked.set()
        go_on.wait(PATIENCE)
        raise TimeoutError

    broker.connect = hang  # type: ignore[method-assign]
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(publisher.publish, "t", b"", True)
        assert asked.wait(PATIENCE)
        asked.clear()
        for _ in range(20):
            with pytest.raises(BusUnavailable):
                publisher.publish("t", b"", durable=True)
        assert not asked.is_set()
        go_on.set()
        assert isinstance(first.exception(10), BusUnavailable)
    del broker.connect
    broker.asked = 0
    with pytest.raises(BusUnavailable):
        publisher.publish("t", b"", durable=True)
    assert broker.asked == 1
