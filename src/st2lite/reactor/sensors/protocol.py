"""The container's end of the line to a sensor; `packlib/st2lite_sensors/line.py` explains the messages."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

import msgspec

from st2lite.models.errors import St2liteError
from st2lite.models.trigger import Trigger
from st2lite.reactor.trigger_views import trigger_view

LONGEST_LINE = 16 * 1024 * 1024
"""Bytes; the sensor's side sends nothing longer."""

_PIECE = 256 * 1024
_ENOUGH = 1024 * 1024


class BrokenLine(St2liteError):
    """A sensor sends what is not of the protocol."""


class Dispatch(msgspec.Struct):
    """A sensor says that `trigger` (a reference, or a dictionary that describes one) occurred."""

    id: int
    trigger: str | dict[str, Any]
    payload: Any = None
    trace_context: dict[str, Any] | None = None


_decoder = msgspec.json.Decoder(Dispatch)


class Channel:
    """Lines of JSON to and from one sensor. Never blocks; for one thread. It owns the socket `end`."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._end = end
        self._incoming = bytearray()
        self._searched = 0
        self._outgoing = bytearray()

    @property
    def fd(self) -> int:
        return self._end.fileno()

    @property
    def wants_to_write(self) -> bool:
        return bool(self._outgoing)

    @property
    def wants_to_read(self) -> bool:
        """False while the sensor does not take what it is told: then it is not listened to either."""
        return len(self._outgoing) < _ENOUGH

    def send(self, message: Any) -> None:
        """Send a message, now or as soon as there is room."""
        self._outgoing += msgspec.json.encode(message) + b"\n"
        self.flush()

    def flush(self) -> None:
        """Send what there is room for. What a sensor that has ended was to be told is forgotten."""
        try:
            while self._outgoing:
                del self._outgoing[: self._end.send(self._outgoing)]
        except BlockingIOError:
            pass
        except OSError:
            self._outgoing.clear()

    def receive(self) -> bool:
        """Take in what has arrived; False at the end. Raises `BrokenLine` for a line that is too long."""
        try:
            data = self._end.recv(_PIECE)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self._incoming += data
        if len(self._incoming) > LONGEST_LINE + _PIECE:
            raise BrokenLine(f"it sent a line of more than {LONGEST_LINE} bytes")
        return bool(data)

    def next(self) -> Dispatch | None:
        """The next dispatch that has arrived completely. Raises `BrokenLine` for anything else."""
        end = self._incoming.find(b"\n", self._searched)
        if end < 0:
            self._searched = len(self._incoming)
            return None
        line = bytes(self._incoming[:end])
        del self._incoming[: end + 1]
        self._searched = 0
        try:
            return _decoder.decode(line)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise BrokenLine(f"it sent something that is no dispatch: {error}") from None

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._end.close()


def shown_to_sensor(trigger: Trigger) -> dict[str, Any]:
    """A trigger as sensors know it: as the API shows it, but for an empty description."""
    return {name: value for name, value in trigger_view(trigger).items() if name != "description" or value}
