"""Spreading events: filters, views made once, clients that read too slowly."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from st2lite.http import stream_hub
from st2lite.http.stream_events import Event, frame
from st2lite.http.stream_hub import Client, Filter, StreamHub
from st2lite.messaging.contract import Bus, Stoppable
from st2lite.messaging.messages import Announced, ExecutionChanged, ExecutionFinished
from st2lite.messaging.open import open_bus
from st2lite.models.errors import NotFound
from st2lite.models.execution import Execution
from tests.conformance.bus_suite import make_execution
from tests.processes import PATIENCE


class CountingViews:
    """Views that count how often they are made; `broken` ones cannot be."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.broken = False

    def execution(self, execution: Execution) -> dict[str, Any]:
        self.made.append("execution")
        if self.broken:
            raise NotFound("snapshot is gone")
        return {"id": execution.id, "result": execution.result or None}

    def liveaction(self, execution: Execution) -> dict[str, Any]:
        self.made.append("liveaction")
        return {"id": execution.liveaction_id}


class Shelf:
    """A store that holds one execution."""

    def __init__(self) -> None:
        self.execution: Execution | None = None
        self.reads = 0

    def get(self, _kind: type, _identifier: str) -> Execution | None:
        self.reads += 1
        return self.execution


@pytest.fixture
def bus() -> Iterator[Bus]:
    bus = open_bus("memory://")
    yield bus
    bus.close()


@pytest.fixture
def views() -> CountingViews:
    return CountingViews()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def hub(bus: Bus, views: CountingViews, shelf: Shelf) -> Iterator[StreamHub]:
    hub = StreamHub(bus, shelf, views)  # type: ignore[arg-type]
    yield hub
    hub.stop()


def next_name(client: Client) -> str:
    event = client.next(PATIENCE)
    assert event is not None
    return event.name


def test_a_view_is_made_once_for_all_clients(bus: Bus, hub: StreamHub, views: CountingViews) -> None:
    clients = [hub.open(Filter()) for _ in range(10)]
    bus.publish(ExecutionChanged(make_execution()))
    frames = {event.frame for client in clients if (event := client.next(PATIENCE))}
    assert len(frames) == 1
    assert [next_name(client) for client in clients] == ["st2.liveaction__update"] * 10
    assert views.made == ["execution", "liveaction"]


def test_a_view_that_nobody_wants_is_not_made(bus: Bus, hub: StreamHub, views: CountingViews) -> None:
    client = hub.open(Filter(("st2.announcement__*",)))
    bus.publish(ExecutionChanged(make_execution()))
    bus.publish(Announced("x", {}))
    assert next_name(client) == "st2.announcement__x"
    assert views.made == []


def test_a_view_that_cannot_be_made_ends_nothing(
    bus: Bus, hub: StreamHub, views: CountingViews, caplog: pytest.LogCaptureFixture
) -> None:
    views.broken = True
    client = hub.open(Filter())
    bus.publish(ExecutionChanged(make_execution()))
    assert next_name(client) == "st2.liveaction__update"
    assert "snapshot is gone" in caplog.text


def test_a_large_result_is_fetched_once_it_is_wanted(bus: Bus, hub: StreamHub, shelf: Shelf) -> None:
    execution = make_execution(status="succeeded", result_size=10**6)
    shelf.execution = make_execution(id=execution.id, result=msgspec.Raw(b'"large"'))
    nobody = hub.open(Filter(("st2.announcement__other",)))
    bus.publish(ExecutionFinished(execution))
    bus.publish(Announced("other", {}))
    assert nobody.next(PATIENCE), "what was published before has passed, too"
    hub.close(nobody)
    assert shelf.reads == 0
    client = hub.open(Filter(("st2.execution__*",)))
    bus.publish(ExecutionFinished(execution))
    event = client.next(PATIENCE)
    assert event is not None
    assert b'"result":"large"' in event.frame
    assert shelf.reads == 1


def test_a_slow_client_is_dropped_and_the_others_go_on(
    bus: Bus, hub: StreamHub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    slow = Client(Filter(), size=3)
    with monkeypatch.context() as patch:
        patch.setattr(stream_hub, "Client", lambda wanted: slow)
        assert hub.open(Filter()) is slow
    quick = hub.open(Filter())
    for number in range(5):
        bus.publish(Announced(str(number), {}))
        assert next_name(quick) == f"st2.announcement__{number}"
    assert slow.ended
    assert hub.size == 1
    assert "too slowly" in caplog.text


def test_the_bus_is_listened_to_only_while_somebody_watches(
    bus: Bus, hub: StreamHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_hub, "LINGER_SECONDS", 0.01)
    opened: list[str] = []
    left = threading.Event()
    subscribe = bus.subscribe

    class Watched:
        def __init__(self, subscription: Stoppable) -> None:
            self._subscription = subscription

        def stop(self) -> None:
            self._subscription.stop()
            left.set()

    def recorded(kinds: Any, handler: Any) -> Stoppable:
        opened.append("subscribed")
        return Watched(subscribe(kinds, handler))

    monkeypatch.setattr(bus, "subscribe", recorded)
    first, second = hub.open(Filter()), hub.open(Filter())
    hub.close(first)
    assert opened == ["subscribed"]
    hub.close(second)
    assert left.wait(PATIENCE)
    again = hub.open(Filter())
    bus.publish(Announced("again", {}))
    assert next_name(again) == "st2.announcement__again"
    assert opened == ["subscribed"] * 2


def test_stopping_ends_all_clients_and_takes_no_more(hub: StreamHub) -> None:
    client = hub.open(Filter())
    waiter = threading.Thread(target=client.next, args=(PATIENCE,))
    waiter.start()
    hub.stop()
    waiter.join(PATIENCE)
    assert not waiter.is_alive()
    assert client.ended
    assert hub.open(Filter()).ended
    assert hub.size == 0


def test_closing_twice_is_harmless(hub: StreamHub) -> None:
    client = hub.open(Filter())
    hub.close(client)
    hub.close(client)
    assert hub.size == 0


@pytest.mark.parametrize(
    ("wanted", "event", "passes"),
    [
        (Filter(), {"name": "st2.execution__create"}, True),
        (Filter(), {"name": "st2.execution.output__create"}, False),
        (Filter(), {"name": "st2.actionalias__create"}, False),
        (Filter(("*",)), {"name": "anything"}, True),
        (Filter(("st2.execution__*",)), {"name": "xst2.execution__create"}, False),
        (Filter(action_refs=("a.b",)), {"name": "st2.execution__create", "action_ref": "a.b"}, True),
        (Filter(action_refs=("a.b",)), {"name": "st2.execution__create", "action_ref": "a.c"}, False),
        (Filter(action_refs=("a.b",)), {"name": "st2.announcement__x"}, False),
        (Filter(execution_ids=("1",)), {"name": "st2.execution__create", "execution_id": "1"}, True),
        (Filter(execution_ids=("1",)), {"name": "st2.liveaction__create", "action_ref": "a.b"}, False),
    ],
)
def test_filters(wanted: Filter, event: dict[str, str], passes: bool) -> None:
    client = Client(wanted)
    assert client.wants(Event(body=dict, **event)) is passes
    assert client.wants(Event(body=dict, **event)) is passes  # the second answer comes from memory


def test_the_shape_of_a_frame() -> None:
    assert frame("name", b"{}") == b"event: name\ndata: {}\n\n"
