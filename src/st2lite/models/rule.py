"""Rules, the types of rules, and the record that a rule was enforced."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from st2lite.models.document import Collection, Document, Index
from st2lite.models.pack import PackContent

STANDARD = "standard"
BACKSTOP = "backstop"

SUCCEEDED = "succeeded"
FAILED = "failed"


class RuleType(msgspec.Struct, frozen=True):
    """A kind of rule. These come with the product and are not stored; ids are fixed so that clients may keep them."""

    id: str
    name: str
    description: str
    enabled: bool = True
    parameters: dict[str, Any] = {}


RULE_TYPES = (
    RuleType("5f0000000000000000000001", STANDARD, "Runs its action for every trigger instance that it matches."),
    RuleType(
        "5f0000000000000000000002", BACKSTOP, "Runs its action for a trigger instance that no standard rule matched."
    ),
)


class Rule(PackContent, kw_only=True):
    """If this happens (`trigger`) and looks like that (`criteria`), run this (`action`).

    `type` is `{"ref": "standard" | "backstop", "parameters": {}}`, `trigger` `{"type", "parameters", "ref"}` where
    `ref` names the `Trigger` the rule listens for, `action` `{"ref", "parameters"}`, `throttle` the optional limit that
    is st2lite's own (see `reactor.throttling`), empty for none.
    """

    uid_type: ClassVar[str] = "rule"
    collection: ClassVar[Collection] = Collection(
        "rules",
        fields={
            "ref": lambda r: r.ref,
            "pack": lambda r: r.pack,
            "name": lambda r: r.name,
            "action": lambda r: r.action.get("ref"),
            "trigger": lambda r: r.trigger.get("ref"),
            "trigger_type": lambda r: r.trigger.get("type"),
            "enabled": lambda r: r.enabled,
        },
        indexes=(
            Index(("ref",), unique=True),
            Index(("pack", "name")),
            Index(("trigger", "enabled")),
            Index(("action",)),
        ),
    )

    pack: str = "default"
    description: str = ""
    enabled: bool = False
    type: dict[str, Any] = {}
    trigger: dict[str, Any]
    criteria: dict[str, Any] = {}
    action: dict[str, Any]
    throttle: dict[str, Any] = {}
    context: dict[str, Any] = {}
    tags: list[dict[str, str]] = []
    metadata_file: str = ""

    @property
    def is_backstop(self) -> bool:
        return bool(self.type.get("ref") == BACKSTOP)


class RuleEnforcement(Document, kw_only=True):
    """That a rule matched a trigger instance, and what became of it. `rule` is `{"ref", "id", "uid"}`.

    `id` is derived from instance and rule: one instance is enforced by one rule at most once.
    """

    collection: ClassVar[Collection] = Collection(
        "rule_enforcements",
        fields={
            "trigger_instance": lambda e: e.trigger_instance_id,
            "execution": lambda e: e.execution_id,
            "rule_ref": lambda e: e.rule["ref"],
            "rule_id": lambda e: e.rule["id"],
            "enforced_at": lambda e: e.enforced_at,
        },
        indexes=(
            Index(("enforced_at",)),
            Index(("trigger_instance",)),
            Index(("execution",)),
            Index(("rule_ref", "enforced_at")),
            Index(("rule_id", "enforced_at")),
        ),
    )

    trigger_instance_id: str
    rule: dict[str, str]
    enforced_at: str
    status: str = SUCCEEDED
    execution_id: str | None = None
    failure_reason: str | None = None
