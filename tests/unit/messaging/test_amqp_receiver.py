"""Stopping a receiver while there is no broker."""

from __future__ import annotations

import pytest

from st2lite.messaging.amqp_connection import Broker
from st2lite.messaging.amqp_receiver import Receiver


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
