"""Stopping a receiver while there is no broker; messages that cannot be read."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from st2lite.messaging.amqp import _decode
from st2lite.messaging.amqp_connection import Broker
from st2lite.messaging.amqp_receiver import Receiver
from st2lite.messaging.messages import TriggerOccurred


def test_a_receiver_may_end_before_it_is_told_to_wake_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two attempts to connect it waits for the very flag that tells it to stop."""
    receiver = Receiver(Broker(["amqp://127.0.0.1:1//"]), "test", lambda *_: None, lambda *_: None)
    stop = receiver._stopping.set

    def stop_and_see_it_end() -> None:
        stop()
        receiver._thread.join()

    monkeypatch.setattr(receiver._stopping, "set", stop_and_see_it_end)
    receiver.stop()
    assert not receiver._thread.is_alive()


def test_a_message_nested_without_end_is_given_up() -> None:
    """It would come again after each attempt to read it, and nothing behind it would ever be read."""
    payload = b"[" * 200_000 + b"]" * 200_000
    body = (
        b'{"type":"trigger.occurred","instance":{"trigger":"a.b","trigger_type":"a.b","occurrence_time":"","payload":'
    )
    assert _decode(SimpleNamespace(body=body + payload + b"}}")) is None
    assert isinstance(_decode(SimpleNamespace(body=body + b"[[]]}}")), TriggerOccurred)
