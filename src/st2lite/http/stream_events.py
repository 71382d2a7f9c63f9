"""From messages on the bus to events of the stream.

An event knows enough about itself to be filtered; its JSON is made when the first client wants it, and once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, Protocol

import msgspec

from st2lite.executions.aliases import alias_view
from st2lite.messaging.messages import (
    Announced,
    ContentChanged,
    ExecutionChanged,
    ExecutionDeleted,
    ExecutionFinished,
    Message,
    OutputAppended,
    WorkRequested,
)
from st2lite.models import statuses
from st2lite.models.alias import ActionAlias
from st2lite.models.execution import Execution, OutputChunk

OUTPUT_EVENT = "st2.execution.output__create"
EXECUTION_EVENT = "st2.execution__"
KINDS: tuple[type[Message], ...] = (
    WorkRequested,
    ExecutionChanged,
    ExecutionFinished,
    ExecutionDeleted,
    OutputAppended,
    Announced,
    ContentChanged,
)
"""The messages that become events."""

_ALIASES = ActionAlias.collection.name
_encode = msgspec.json.Encoder().encode


class Views(Protocol):
    """How executions are shown."""

    def execution(self, execution: Execution) -> dict[str, Any]: ...

    def liveaction(self, execution: Execution) -> dict[str, Any]: ...


class Event:
    """One event. `action_ref` and `execution_id` are None for events that have none: a filter on them drops those."""

    def __init__(
        self,
        name: str,
        body: Callable[[], Any],
        *,
        body_id: str | None = None,
        status: str | None = None,
        action_ref: str | None = None,
        execution_id: str | None = None,
        chunk: OutputChunk | None = None,
    ) -> None:
        self.name = name
        self.body_id = body_id
        self.status = status
        self.action_ref = action_ref
        self.execution_id = execution_id
        self.chunk = chunk
        self._body = body

    @cached_property
    def frame(self) -> bytes:
        """The event as it goes to clients."""
        return frame(self.name, _encode(self._body()))


def frame(name: str, data: bytes) -> bytes:
    """A server-sent event; `data` must be a single line."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), data)


def events_of(message: Message, views: Views, complete: Callable[[Execution], Execution]) -> Iterator[Event]:
    """The events that a message stands for.

    `complete` returns an execution with its result: large results do not travel with messages.
    """
    if isinstance(message, WorkRequested):
        if message.created:
            yield from _execution_events("create", message.execution, views, complete)
    elif isinstance(message, ExecutionChanged):
        if message.created:
            yield from _execution_events("create", message.execution, views, complete)
        # One that runs from the beginning tells it like all others: clients wait for an update that says so.
        if not message.created or message.execution.status == statuses.RUNNING:
            yield from _execution_events("update", message.execution, views, complete)
    elif isinstance(message, ExecutionFinished):
        yield from _execution_events("update", message.execution, views, complete)
    elif isinstance(message, ExecutionDeleted):
        yield from _execution_events("delete", message.execution, views, complete)
    elif isinstance(message, OutputAppended):
        for chunk in message.chunks:
            yield output_event(chunk)
    elif isinstance(message, Announced):
        body = {"payload": message.payload, "trace_context": message.trace_context}
        yield Event(f"st2.announcement__{message.route}", lambda: body)
    elif isinstance(message, ContentChanged) and message.kind == _ALIASES:
        alias = msgspec.json.decode(message.body, type=ActionAlias)
        yield Event(f"st2.actionalias__{message.operation}", lambda: alias_view(alias), body_id=alias.id)


def output_event(chunk: OutputChunk) -> Event:
    """The event of a piece of output."""
    body = {
        "id": chunk.id,
        "execution_id": chunk.execution_id,
        "action_ref": chunk.action_ref,
        "runner_ref": chunk.runner_ref,
        "timestamp": chunk.timestamp,
        "output_type": chunk.output_type,
        "data": chunk.data,
    }
    return Event(
        OUTPUT_EVENT,
        lambda: body,
        body_id=chunk.id,
        action_ref=chunk.action_ref,
        execution_id=chunk.execution_id,
        chunk=chunk,
    )


def _execution_events(
    what: str, execution: Execution, views: Views, complete: Callable[[Execution], Execution]
) -> Iterator[Event]:
    yield Event(
        f"{EXECUTION_EVENT}{what}",
        lambda: views.execution(complete(execution)),
        body_id=execution.id,
        status=execution.status,
        action_ref=execution.action_ref,
        execution_id=execution.id,
    )
    yield Event(
        f"st2.liveaction__{what}",
        lambda: views.liveaction(complete(execution)),
        body_id=execution.liveaction_id,
        status=execution.status,
        action_ref=execution.action_ref,
    )
