"""Trigger types, triggers and trigger instances: what can happen, what is listened for, and what did happen."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar

import msgspec

from st2lite.models.document import Collection, Document, Index
from st2lite.models.pack import PackContent
from st2lite.models.trace import TraceContext, joined_trace, trace_of

WEBHOOK_TYPE = "core.st2.webhook"
TIMER_TYPES = ("core.st2.IntervalTimer", "core.st2.DateTimer", "core.st2.CronTimer")
ACTION_TRIGGER = "core.st2.generic.actiontrigger"
NOTIFY_TRIGGER = "core.st2.generic.notifytrigger"
INQUIRY_TRIGGER = "core.st2.generic.inquiry"
FILE_WRITTEN_TRIGGER = "core.st2.action.file_written"
SENSOR_SPAWN_TRIGGER = "core.st2.sensor.process_spawn"
SENSOR_EXIT_TRIGGER = "core.st2.sensor.process_exit"
KEY_TRIGGERS = "core.st2.key_value_pair"
"""Prefix of the triggers of the datastore: `.create`, `.update`, `.value_change`, `.delete`."""

PENDING = "pending"
PROCESSING = "processing"
PROCESSED = "processed"
PROCESSING_FAILED = "processing_failed"
INSTANCE_STATUSES = (PENDING, PROCESSING, PROCESSED, PROCESSING_FAILED)


class TriggerType(PackContent, kw_only=True):
    """The definition of something that can happen: the shape of its payload and of a trigger's parameters."""

    uid_type: ClassVar[str] = "trigger_type"
    collection: ClassVar[Collection] = Collection(
        "trigger_types",
        fields={"ref": lambda t: t.ref, "pack": lambda t: t.pack, "name": lambda t: t.name},
        indexes=(Index(("ref",), unique=True), Index(("pack",))),
    )

    description: str = ""
    payload_schema: dict[str, Any] = {}
    parameters_schema: dict[str, Any] = {}
    tags: list[dict[str, str]] = []
    metadata_file: str = ""


class Trigger(PackContent, kw_only=True):
    """A trigger type with parameters: what rules listen for and sensors watch. `type` is the ref of the type.

    Rules with equal parameters share one. `webhook` is the path of a webhook, without slashes at its ends. With
    `for_rules` it came with a rule, and is not kept without one.
    """

    uid_type: ClassVar[str] = "trigger"
    collection: ClassVar[Collection] = Collection(
        "triggers",
        fields={"ref": lambda t: t.ref, "type": lambda t: t.type, "webhook": lambda t: t.webhook},
        indexes=(Index(("ref",), unique=True), Index(("type",)), Index(("webhook",))),
    )

    type: str
    parameters: dict[str, Any] = {}
    description: str = ""
    for_rules: bool = False

    @property
    def uid(self) -> str:
        encoded = msgspec.json.encode(self.parameters, order="sorted")
        digest = hashlib.md5(encoded, usedforsecurity=False).hexdigest()
        return f"trigger:{self.pack}:{self.name}:{digest}"

    @property
    def webhook(self) -> str | None:
        """Path of the webhook that this trigger is; None for any other."""
        return str(self.parameters.get("url", "")).strip("/") if self.type == WEBHOOK_TYPE else None

    @property
    def is_shadow(self) -> bool:
        """It stands for its type without parameters, and lives as long as that."""
        return self.ref == self.type


class TriggerInstance(Document, kw_only=True):
    """One occurrence of a trigger. `trigger` is the ref of the trigger, `trigger_type` that of its type.

    `trace_context` is `{"id_": <id of the object that began the trace>, "trace_tag": <text>}`; without one the instance
    begins a trace of its own. `caused_by` is `{"type": ..., "id": ...}` where an execution is behind it.
    """

    collection: ClassVar[Collection] = Collection(
        "trigger_instances",
        fields={
            "trigger": lambda i: i.trigger,
            "trigger_type": lambda i: i.trigger_type,
            "occurrence_time": lambda i: i.occurrence_time,
            "status": lambda i: i.status,
            "trace": lambda i: joined_trace(i.id, i.trace_context),
            "trace_tag": lambda i: i.trace_context.get("trace_tag"),
        },
        indexes=(
            Index(("occurrence_time",)),
            Index(("status", "occurrence_time")),
            Index(("trigger", "occurrence_time")),
            Index(("trigger_type", "occurrence_time")),
            Index(("trace", "occurrence_time")),
            Index(("trace_tag", "occurrence_time")),
        ),
        apart=("status",),
    )

    trigger: str
    trigger_type: str
    occurrence_time: str
    payload: Any = {}
    status: str = PENDING
    trace_context: dict[str, Any] = {}
    caused_by: dict[str, Any] = {}

    @property
    def trace(self) -> TraceContext:
        """The trace that this belongs to; without a trace context it is the beginning of its own."""
        return trace_of(self.id, self.trace_context, f"trigger_instance-{self.id}")
