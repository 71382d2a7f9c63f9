"""Actions and the runner types they run on."""

from __future__ import annotations

from typing import Any, ClassVar

from st2lite.models.document import Collection, Document, Index
from st2lite.models.pack import PackContent

Schema = dict[str, Any]
"""A JSON schema (draft 4) of one parameter, plus `required`, `secret`, `immutable`, `position` (see `schema_rules`)."""

WORKFLOW_RUNNERS = frozenset({"action-chain", "orquesta", "mistral-v2"})
"""Names of the runner types whose executions have children, and can be paused and resumed."""

NOTIFY_EVENTS = ("on-complete", "on-success", "on-failure")
"""Keys of a notify block, of an action or of an execution."""


class Action(PackContent, kw_only=True):
    """Metadata of one action. `id` is stable over re-registrations of the same `ref`."""

    uid_type: ClassVar[str] = "action"
    collection: ClassVar[Collection] = Collection(
        "actions",
        fields={"ref": lambda a: a.ref, "pack": lambda a: a.pack, "name": lambda a: a.name},
        indexes=(Index(("ref",), unique=True), Index(("pack", "name")), Index(("name",))),
    )

    runner_type: str
    description: str = ""
    enabled: bool = True
    entry_point: str = ""
    parameters: dict[str, Schema] = {}
    output_schema: dict[str, Any] = {}
    tags: list[dict[str, str]] = []
    notify: dict[str, Any] = {}
    metadata_file: str = ""


class RunnerType(Document, kw_only=True):
    """Metadata of one runner: its parameters and which module of `runners/` runs it."""

    collection: ClassVar[Collection] = Collection(
        "runner_types",
        fields={"name": lambda r: r.name},
        indexes=(Index(("name",), unique=True),),
    )

    name: str
    description: str = ""
    enabled: bool = True
    runner_package: str = ""
    runner_module: str
    runner_parameters: dict[str, Schema] = {}
    output_key: str = ""
    output_schema: dict[str, Any] = {}

    @property
    def uid(self) -> str:
        return f"runner_type:{self.name}"
