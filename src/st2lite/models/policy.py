"""Policies: what limits or repeats the executions of an action, and the types of policies there are."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from st2lite.models.document import Collection, Index
from st2lite.models.pack import PackContent

CONCURRENCY = "action.concurrency"
CONCURRENCY_ATTR = "action.concurrency.attr"
RETRY = "action.retry"

COORDINATED = frozenset({CONCURRENCY, CONCURRENCY_ATTR})
"""Types of policies that work only where all action runners agree on locks."""

NO_COORDINATION = (
    "limits concurrency, for which action runners have to agree on locks: set url in section [coordination] of "
    "st2.conf (redis://host:6379, zookeeper://host:2181 or, on one host, file:///directory) and restart the services, "
    "or disable the policy"
)

_ACTION_RESOURCE = "action"
_THRESHOLD: dict[str, Any] = {
    "threshold": {
        "type": "integer",
        "minimum": 1,
        "required": True,
        "description": "Most executions that may be scheduled or running at the same time.",
    },
    "action": {
        "type": "string",
        "enum": ["delay", "cancel"],
        "default": "delay",
        "description": "What becomes of an execution beyond the threshold.",
    },
}


class PolicyType(msgspec.Struct, frozen=True):
    """A kind of policy. These come with the product and are not stored; ids are fixed so that clients may keep them."""

    id: str
    name: str
    description: str
    parameters: dict[str, Any]
    resource_type: str = _ACTION_RESOURCE
    enabled: bool = True
    module: str = ""

    @property
    def ref(self) -> str:
        return f"{self.resource_type}.{self.name}"

    @property
    def uid(self) -> str:
        return f"policy_type:{self.resource_type}:{self.name}"


POLICY_TYPES = (
    PolicyType(
        "5f0000000000000000000011",
        "concurrency",
        "Limits how many executions of an action run at the same time.",
        _THRESHOLD,
        module="st2lite.policies.concurrency",
    ),
    PolicyType(
        "5f0000000000000000000012",
        "concurrency.attr",
        "Limits how many executions of an action run at the same time with the same values of some parameters.",
        {
            **_THRESHOLD,
            "attributes": {
                "type": "array",
                "items": {"type": "string"},
                "uniqueItems": True,
                "required": True,
                "description": "Names of the parameters whose values are compared.",
            },
        },
        module="st2lite.policies.concurrency",
    ),
    PolicyType(
        "5f0000000000000000000013",
        "retry",
        "Runs an action again that failed or timed out.",
        {
            "retry_on": {
                "type": "string",
                "enum": ["timeout", "failure"],
                "required": True,
                "description": "Which end of an execution calls for another attempt.",
            },
            "max_retry_count": {
                "type": "integer",
                "minimum": 1,
                "maximum": 5,
                "default": 2,
                "description": "Most further attempts.",
            },
            "delay": {
                "type": "number",
                "minimum": 0,
                "maximum": 120,
                "default": 0,
                "description": "Seconds between two attempts.",
            },
        },
        module="st2lite.policies.retry",
    ),
)


class Policy(PackContent, kw_only=True):
    """A policy on one action. `resource_ref` is the action's ref, `policy_type` the ref of a policy type."""

    uid_type: ClassVar[str] = "policy"
    collection: ClassVar[Collection] = Collection(
        "policies",
        fields={
            "ref": lambda p: p.ref,
            "pack": lambda p: p.pack,
            "name": lambda p: p.name,
            "resource_ref": lambda p: p.resource_ref,
            "policy_type": lambda p: p.policy_type,
        },
        indexes=(Index(("ref",), unique=True), Index(("pack", "name")), Index(("resource_ref",))),
    )

    pack: str = "default"
    description: str = ""
    enabled: bool = True
    resource_ref: str
    policy_type: str
    parameters: dict[str, Any] = {}
    metadata_file: str = ""
