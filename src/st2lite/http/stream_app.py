"""The app `stream`: server-sent events about executions, their output and announcements."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import falcon

from st2lite.executions.service import ExecutionService
from st2lite.http.app import ServiceContext, create_service_app
from st2lite.http.params import choice, text, words
from st2lite.http.stream_events import EXECUTION_EVENT, OUTPUT_EVENT, Event, frame, output_event
from st2lite.http.stream_hub import DEFAULT_EVENTS, Client, Filter, StreamHub
from st2lite.messaging.contract import Bus
from st2lite.models import statuses
from st2lite.models.errors import St2liteError
from st2lite.models.execution import Execution

log = logging.getLogger(__name__)

KEEP_ALIVE = b"\n"
EOF = frame("EOF", b"''")

_QUIET = frozenset({*statuses.COMPLETED, statuses.PAUSING, statuses.RESUMING})
"""Statuses in which an execution's output has come to its end, for the moment at least."""

_OUTPUT_TYPES = ("all", "stdout", "stderr", "output")

StreamGuard = Callable[[], AbstractContextManager[object]]
"""Entered while a stream is open: lets the server make room for it."""


class StreamContext(ServiceContext, Protocol):
    """What the app needs of the rooms it calls."""

    @property
    def bus(self) -> Bus: ...
    @property
    def executions(self) -> ExecutionService: ...


class _Streaming:
    """What both streams have in common. `heartbeat` is in seconds."""

    def __init__(self, hub: StreamHub, heartbeat: float, guard: StreamGuard) -> None:
        self._hub = hub
        self._heartbeat = heartbeat
        self._guard = guard

    def _send(self, resp: falcon.Response, frames: Iterator[bytes]) -> None:
        resp.content_type = "text/event-stream; charset=UTF-8"
        resp.set_header("Cache-Control", "no-cache")
        resp.set_header("X-Accel-Buffering", "no")
        resp.stream = frames


class Events(_Streaming):
    """Resource of `/stream`."""

    def __init__(self, hub: StreamHub, heartbeat: float, guard: StreamGuard, executions: ExecutionService) -> None:
        super().__init__(hub, heartbeat, guard)
        self._executions = executions

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        wanted = Filter(words(req, "events") or DEFAULT_EVENTS, words(req, "action_refs"), words(req, "execution_ids"))
        self._send(resp, self._frames(wanted, text(req, "end_event"), text(req, "end_execution_id")))

    def _frames(self, wanted: Filter, end_event: str | None, end_id: str | None) -> Iterator[bytes]:
        with self._guard():
            client = self._hub.open(wanted)
            try:
                yield KEEP_ALIVE
                missed = self._missed(end_event, end_id)
                if missed:
                    yield from (event.frame for event in missed if client.wants(event))
                    return
                while not client.ended:
                    event = client.next(self._heartbeat)
                    if event is None:
                        if not client.ended:
                            yield KEEP_ALIVE
                        continue
                    yield event.frame
                    if end_event == event.name and end_id == event.body_id and event.status in statuses.COMPLETED:
                        return
            finally:
                self._hub.close(client)

    def _missed(self, end_event: str | None, end_id: str | None) -> list[Event]:
        """What a client waits for, if it passed before the client came: else it would wait for ever.

        That is the output of the execution and the event of its end; nothing while it goes on.
        """
        if not end_event or not end_id:
            return []
        try:
            execution = self._executions.get(end_id)
            if execution.status not in statuses.COMPLETED:
                return []
            output = [output_event(chunk) for chunk in self._executions.output(execution)]
        except St2liteError:
            return []
        last = [event for event in self._hub.events_of_end(execution) if event.name == end_event]
        return [*output, *last] if last else []


class Output(_Streaming):
    """Resource of `/executions/{id}/output`: what was written so far, then what is written, until `EOF`."""

    def __init__(self, hub: StreamHub, heartbeat: float, guard: StreamGuard, executions: ExecutionService) -> None:
        super().__init__(hub, heartbeat, guard)
        self._executions = executions

    def on_get(self, req: falcon.Request, resp: falcon.Response, id: str) -> None:
        kind = choice(req, "output_type", _OUTPUT_TYPES, "all")
        identifier = self._executions.get(id).id
        self._send(resp, self._frames(identifier, None if kind == "all" else kind))

    def _frames(self, identifier: str, kind: str | None) -> Iterator[bytes]:
        wanted = Filter((OUTPUT_EVENT, f"{EXECUTION_EVENT}*"), execution_ids=(identifier,))
        with self._guard():
            # Listening first and reading then leaves no gap between what is stored and what is announced.
            client = self._hub.open(wanted)
            try:
                yield KEEP_ALIVE
                yield from self._follow(client, identifier, kind)
            except St2liteError as error:
                # Without `EOF` the viewer connects again, and then gets what is missing.
                log.warning("The output of execution %s cannot be followed: %s", identifier, error.message)
            finally:
                self._hub.close(client)

    def _follow(self, client: Client, identifier: str, kind: str | None) -> Iterator[bytes]:
        seen: set[str] = set()
        execution = self._executions.get(identifier)
        yield from self._stored(execution, kind, seen)
        while execution.status not in _QUIET and not client.ended:
            event = client.next(self._heartbeat)
            if event is None:
                yield KEEP_ALIVE
            elif event.chunk is not None:
                yield from _unseen([event], kind, seen)
                continue
            elif event.status not in _QUIET:
                continue
            # It came to an end, or nothing was heard for a while: the document tells, a lost message does not matter.
            execution = self._executions.get(identifier)
            yield from self._stored(execution, kind, seen)
        if execution.status in _QUIET:  # else the viewer was dropped, and must not take this for the end
            yield EOF

    def _stored(self, execution: Execution, kind: str | None, seen: set[str]) -> Iterator[bytes]:
        return _unseen(map(output_event, self._executions.output(execution, kind)), kind, seen)


def _unseen(events: Iterable[Event], kind: str | None, seen: set[str]) -> Iterator[bytes]:
    for event in events:
        chunk = event.chunk
        if chunk is not None and chunk.id not in seen and kind in (None, chunk.output_type):
            seen.add(chunk.id)
            yield event.frame


def create_stream_app(
    context: StreamContext, hub: StreamHub, guard: StreamGuard = nullcontext
) -> falcon.App[falcon.Request, falcon.Response]:
    """The stream service as a WSGI app; whoever made the hub stops it."""
    app = create_service_app(context, "stream", context.bus)
    heartbeat = context.config.stream.heartbeat
    app.add_route("/stream", Events(hub, heartbeat, guard, context.executions))
    app.add_route("/executions/{id}/output", Output(hub, heartbeat, guard, context.executions))
    return app
