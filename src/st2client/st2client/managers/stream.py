"""The stream of server-sent events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from st2client.managers.base import ApiManager
from st2client.sse import Event
from st2client.transport import path

_HEADERS = {"Accept": "text/event-stream", "Cache-Control": "no-cache"}


class StreamManager(ApiManager):
    """Listens to what happens on the server.

    Credentials travel in headers here, not in the query, so that they stay out of access logs.
    """

    def listen(self, events: str | Sequence[str] | None = None, **kwargs: Any) -> Iterator[Any]:
        """Connect, and return the data of each event from then on, until the server ends the stream.

        :param events: names of events; None leaves the choice to the server.
        :param kwargs: ``end_event`` and ``end_execution_id`` say when the server ends the stream;
            ``token`` and ``api_key`` as everywhere.
        """
        query = {name: kwargs.pop(name, None) for name in ("end_event", "end_execution_id")}
        if events:
            query["events"] = events if isinstance(events, str) else ",".join(events)
        stream = self._connect("/stream", query, kwargs)
        return (json.loads(event.data) for event in stream)

    def listen_output(self, execution_id: str, output_type: str | None = None, **kwargs: Any) -> Iterator[Any]:
        """Connect, and return each piece of output of an execution, from its beginning to its end.

        A piece is ``{execution_id, output_type, timestamp, data, …}``.
        """
        query = {"output_type": output_type} if output_type else {}
        return _until_end(self._connect(path("executions", execution_id, "output"), query, kwargs))

    def _connect(self, url: str, query: dict[str, Any], options: dict[str, Any]) -> Iterator[Event]:
        return self.client.stream(url, params=query, headers=_HEADERS, **self.authorized(options))


def _until_end(events: Iterator[Event]) -> Iterator[Any]:
    for event in events:
        if event.name == "EOF":
            return
        yield json.loads(event.data)
