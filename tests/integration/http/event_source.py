"""A client of server-sent events, as small as possible: one connection, one frame at a time."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.processes import PATIENCE


class EventSource:
    """Opens `url` and reads frames: `(event name, text of data)`. Lines that keep the connection alive are skipped."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None, **query: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)
        path = f"{parts.path}?{urlencode(query)}" if query else parts.path
        self._connection.request("GET", path, headers=dict(headers or {}))
        self.response = self._connection.getresponse()

    def __enter__(self) -> EventSource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self.response.close()
        self._connection.close()

    def line(self) -> str:
        """The next line without its end; an empty text at the end of the stream is told by `ended`."""
        return self.response.readline().decode().rstrip("\n")

    def next(self) -> tuple[str, str]:
        """The next frame; `("", "")` at the end of the stream."""
        name = ""
        while True:
            raw = self.response.readline()
            if not raw:
                return "", ""
            line = raw.decode().rstrip("\n")
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                return name, line[6:]

    def next_json(self) -> tuple[str, Any]:
        name, data = self.next()
        return name, json.loads(data)

    def until(self, name: str) -> Any:
        """Body of the next event of this name."""
        while True:
            found, data = self.next()
            assert found, f"the stream ended before {name}"
            if found == name:
                return json.loads(data)

    def rest(self) -> list[tuple[str, str]]:
        """All frames until the stream ends."""
        frames = []
        while (frame := self.next()) != ("", ""):
            frames.append(frame)
        return frames
