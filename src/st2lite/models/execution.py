"""Executions, the snapshots they refer to, and the output of running actions."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from st2lite.models.document import Collection, Document, Index
from st2lite.models.statuses import REQUESTED
from st2lite.models.trace import TraceContext, joined_trace, trace_of

NO_RESULT = msgspec.Raw(b"")

RESULT_LIMIT = 14 * 1024 * 1024
"""Largest result in bytes of JSON; a MongoDB document holds 16 MiB, and the rest of the execution needs room too."""


class LogEntry(msgspec.Struct):
    """One change of status: when, and to what."""

    timestamp: str
    status: str


class Snapshot(Document, kw_only=True):
    """An action or runner type exactly as it was when an execution was requested.

    Content-addressed: `id` is a digest of the kind and the content, so that thousands of executions of one action share
    one copy and a worker decodes it once. Never changed after it was written.
    """

    collection: ClassVar[Collection] = Collection("snapshots")

    content: msgspec.Raw


class Execution(Document, kw_only=True):
    """One request to run an action, from `requested` to its final status. The liveaction is a view of this document.

    `result` is JSON exactly as the runner gave it, kept apart from the body; `output` is the JSON list of those output
    chunks that were never written while the action ran (a short action has all of them here). `liveaction_id` is what
    clients of the liveaction see. `worker` names the action runner that holds the execution now (a `Worker` id).
    `delay` is in milliseconds; `due` is when a delayed execution may start, and None once it was handed to the workers.
    `workflow` is what the engine of a workflow has to remember between two of its children (see `workflows`).
    """

    collection: ClassVar[Collection] = Collection(
        "executions",
        fields={
            "status": lambda e: e.status,
            "start_timestamp": lambda e: e.start_timestamp,
            "parent": lambda e: e.parent,
            "action": lambda e: e.action_ref,
            "runner": lambda e: e.runner_name,
            "user": lambda e: e.context.get("user"),
            "rule": lambda e: (e.rule or {}).get("name"),
            "trigger": lambda e: (e.trigger or {}).get("name"),
            "trigger_type": lambda e: (e.trigger_type or {}).get("name"),
            "trigger_instance": lambda e: (e.trigger_instance or {}).get("id"),
            "liveaction": lambda e: e.liveaction_id,
            "worker": lambda e: e.worker,
            "due": lambda e: e.due,
            "end_timestamp": lambda e: e.end_timestamp,
            "trace": lambda e: joined_trace(e.id, e.context.get("trace_context")),
            "trace_tag": lambda e: (e.context.get("trace_context") or {}).get("trace_tag"),
        },
        indexes=(
            Index(("start_timestamp",)),
            Index(("status", "start_timestamp")),
            Index(("parent", "start_timestamp")),
            Index(("action", "start_timestamp")),
            Index(("trigger_instance",)),
            Index(("liveaction",)),
            Index(("due",)),
            Index(("end_timestamp",)),
            Index(("trace", "start_timestamp")),
            Index(("trace_tag", "start_timestamp")),
        ),
        large=("result", "output"),
    )

    action_ref: str
    action_snapshot: str
    runner_name: str
    runner_snapshot: str
    liveaction_id: str
    status: str = REQUESTED
    start_timestamp: str
    end_timestamp: str | None = None
    parameters: dict[str, Any] = {}
    context: dict[str, Any] = {}
    result: msgspec.Raw = NO_RESULT
    result_size: int = 0
    output: msgspec.Raw = NO_RESULT
    parent: str | None = None
    log: list[LogEntry] = []
    notify: dict[str, Any] = {}
    callback: dict[str, Any] = {}
    delay: int = 0
    due: str | None = None
    worker: str | None = None
    runner_info: dict[str, Any] = {}
    workflow: dict[str, Any] = {}
    rule: dict[str, Any] | None = None
    trigger: dict[str, Any] | None = None
    trigger_type: dict[str, Any] | None = None
    trigger_instance: dict[str, Any] | None = None

    @property
    def trace(self) -> TraceContext:
        """The trace that this belongs to; without a trace context it is the beginning of its own."""
        return trace_of(self.id, self.context.get("trace_context"), f"execution-{self.liveaction_id}")


class OutputChunk(Document, kw_only=True):
    """A piece of output of a running action. `output_type` is stdout, stderr or output."""

    collection: ClassVar[Collection] = Collection(
        "execution_outputs",
        fields={
            "execution_id": lambda o: o.execution_id,
            "output_type": lambda o: o.output_type,
            "timestamp": lambda o: o.timestamp,
        },
        indexes=(Index(("execution_id", "timestamp")), Index(("timestamp",))),
    )

    execution_id: str
    action_ref: str
    runner_ref: str
    timestamp: str
    output_type: str
    data: str


class Worker(Document, kw_only=True):
    """A running action runner process and its lease of `lease` seconds, renewed while the process lives.

    Each renewal raises `rev`, and that is what counts. `expires` (epoch seconds of the worker's clock) is for readers;
    0 says that the worker has given up.
    """

    collection: ClassVar[Collection] = Collection(
        "workers", fields={"expires": lambda w: w.expires}, indexes=(Index(("expires",)),)
    )

    hostname: str
    pid: int
    expires: float
    lease: float = 30.0
