"""The line between container and sensor."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from st2lite.models.trigger import Trigger
from st2lite.reactor.sensors import protocol
from st2lite.reactor.sensors.protocol import BrokenLine, Channel, Dispatch, shown_to_sensor


@pytest.fixture
def ends() -> Iterator[tuple[Channel, socket.socket]]:
    ours, theirs = socket.socketpair()
    channel = Channel(ours)
    yield channel, theirs
    channel.close()
    theirs.close()


def test_dispatches_may_arrive_in_pieces(ends: tuple[Channel, socket.socket]) -> None:
    channel, sensor = ends
    assert channel.receive(), "nothing there is not the end"
    assert channel.next() is None
    sensor.sendall(b'{"id": 1, "trigger": "a.b", "payload": {"x"')
    channel.receive()
    assert channel.next() is None
    sensor.sendall(b': 1}}\n{"id": 2, "trigger": {"type": "c.d"}, "trace_context": {"trace_tag": "t"}}\n')
    channel.receive()
    assert channel.next() == Dispatch(1, "a.b", {"x": 1})
    assert channel.next() == Dispatch(2, {"type": "c.d"}, None, {"trace_tag": "t"})
    assert channel.next() is None
    sensor.close()
    assert not channel.receive()


@pytest.mark.parametrize(
    "line", [b"{", b"[]", b'{"id": 1}', b'{"id": "x", "trigger": "a"}', b'{"id": 1, "trigger": 7}']
)
def test_what_is_no_dispatch_breaks_the_line(ends: tuple[Channel, socket.socket], line: bytes) -> None:
    channel, sensor = ends
    sensor.sendall(line + b"\n")
    channel.receive()
    with pytest.raises(BrokenLine, match="no dispatch"):
        channel.next()


def test_a_line_without_end_breaks_it_too(ends: tuple[Channel, socket.socket], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "LONGEST_LINE", 1000)
    monkeypatch.setattr(protocol, "_PIECE", 1000)
    channel, sensor = ends
    sensor.sendall(b"x" * 4000)
    with pytest.raises(BrokenLine, match="more than 1000 bytes"):
        for _ in range(4):
            channel.receive()


def test_a_sensor_that_does_not_read_is_neither_waited_for_nor_listened_to(
    ends: tuple[Channel, socket.socket],
) -> None:
    channel, sensor = ends
    message = {"change": "add", "trigger": {"parameters": {"text": "x" * 100_000}}}
    while channel.wants_to_read:
        channel.send(message)
    assert channel.wants_to_write
    received = b""
    while channel.wants_to_write or not received.endswith(b"\n"):
        received += sensor.recv(1_000_000)
        channel.flush()
    assert {json.dumps(json.loads(line)) for line in received.splitlines()} == {json.dumps(message)}
    assert channel.wants_to_read


def test_what_a_sensor_that_is_gone_was_to_be_told_is_forgotten(ends: tuple[Channel, socket.socket]) -> None:
    channel, sensor = ends
    sensor.close()
    channel.send({"ack": 1})
    assert not channel.wants_to_write


def test_a_trigger_is_shown_with_a_description_if_it_has_one() -> None:
    trigger = Trigger(id="1", name="n", pack="p", type="p.t", parameters={"a": 1})
    shown = {
        "id": "1",
        "uid": trigger.uid,
        "ref": "p.n",
        "name": "n",
        "pack": "p",
        "type": "p.t",
        "parameters": {"a": 1},
    }
    assert shown_to_sensor(trigger) == shown
    trigger.description = "d"
    assert shown_to_sensor(trigger) == {**shown, "description": "d"}
