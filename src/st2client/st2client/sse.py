"""Reading the format of server-sent events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Event(NamedTuple):
    """One event: its name and its data, which is usually JSON."""

    name: str
    data: str


def read_events(lines: Iterable[bytes]) -> Iterator[Event]:
    """Yield the events in the lines of a ``text/event-stream``. Events without data are skipped."""
    name, data = "message", list[str]()
    for raw in lines:
        line = raw.decode("utf-8").rstrip("\r\n")
        field, _, value = line.partition(":")
        if field == "data":
            data.append(value.removeprefix(" "))
        elif field == "event":
            name = value.removeprefix(" ")
        elif not line:
            if any(data):
                yield Event(name, "\n".join(data))
            name = "message"
            data.clear()
