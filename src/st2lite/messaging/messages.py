"""Messages on the bus. A message is a hint, the document is the truth: losing one delays work, it never loses it.

Each class is tagged by its `topic`; a queue or a subscription selects messages by topic. `durable` messages are
confirmed by the broker before `publish` returns; the others are sent and forgotten.
"""

from __future__ import annotations

from typing import Any, ClassVar, Union

import msgspec

from st2lite.models.execution import Execution, OutputChunk
from st2lite.models.trigger import TriggerInstance


class WorkRequested(msgspec.Struct, tag="work.requested"):
    """An execution waits for a worker. Carries the document (without result) so that a worker need not read it.

    `created` marks the first of these messages of an execution that is new, for viewers.
    """

    durable: ClassVar[bool] = True
    execution: Execution
    created: bool = False


class ExecutionChanged(msgspec.Struct, tag="execution.changed"):
    """The status of an execution changed, while it goes on. `created`: it is new, and no message takes it to a
    worker, or not yet."""

    durable: ClassVar[bool] = False
    execution: Execution
    created: bool = False


class ExecutionFinished(msgspec.Struct, tag="execution.finished"):
    """An execution reached a final status. The result travels along (`execution.result`) when it is small."""

    durable: ClassVar[bool] = True
    execution: Execution


class ExecutionDelayed(msgspec.Struct, tag="execution.delayed"):
    """A new execution is to wait until `due`: whoever lets it begin then need not look for it before."""

    durable: ClassVar[bool] = False
    due: str


class ChildChanged(msgspec.Struct, tag="child.changed"):
    """A child of a workflow reached a final status, or one that stops its parent: `pending`, `paused`."""

    durable: ClassVar[bool] = True
    execution: Execution


class ExecutionDeleted(msgspec.Struct, tag="execution.deleted"):
    durable: ClassVar[bool] = False
    execution: Execution


class OutputAppended(msgspec.Struct, tag="execution.output"):
    """New output of a running action (stored already)."""

    durable: ClassVar[bool] = False
    chunks: list[OutputChunk]


class ExecutionControl(msgspec.Struct, tag="execution.control"):
    """A command about an execution, to its worker or the engine of workflows: see `executions.events.control`."""

    durable: ClassVar[bool] = True
    execution_id: str
    command: str


class Announced(msgspec.Struct, tag="announcement"):
    """An announcement for stream clients: event name `st2.announcement__<route>`."""

    durable: ClassVar[bool] = False
    route: str
    payload: dict[str, Any]
    trace_context: dict[str, Any] | None = None


class TriggerOccurred(msgspec.Struct, tag="trigger.occurred"):
    """A trigger instance waits for the rules engine. Carries the document, so that the engine need not read it."""

    durable: ClassVar[bool] = True
    instance: TriggerInstance


class ContentChanged(msgspec.Struct, tag="content.changed"):
    """A rule, trigger, sensor, policy, alias or another document of content was written.

    `kind` is the name of its collection, `operation` is `create`, `update` or `delete`, `body` the document as it is
    stored (for `delete`: as it was).
    """

    durable: ClassVar[bool] = False
    kind: str
    operation: str
    body: msgspec.Raw


Message = Union[
    WorkRequested,
    ExecutionChanged,
    ExecutionFinished,
    ExecutionDelayed,
    ChildChanged,
    ExecutionDeleted,
    OutputAppended,
    ExecutionControl,
    Announced,
    TriggerOccurred,
    ContentChanged,
]


def topic_of(kind: type[Message] | Message) -> str:
    """Topic of a message or a message class, for example `execution.finished`."""
    tag = (kind if isinstance(kind, type) else type(kind)).__struct_config__.tag
    assert isinstance(tag, str)  # noqa: S101 - every class above is tagged with text
    return tag
