"""Resource objects: ``from st2client.models import LiveAction``. Each module loads when first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

#: class -> module of this package
CLASSES = {
    "Action": "action",
    "ActionAlias": "action_alias",
    "ActionAliasExecution": "aliasexecution",
    "ActionAliasMatch": "action_alias",
    "ApiKey": "auth",
    "AsyncRequest": "pack",
    "Config": "config",
    "ConfigSchema": "config",
    "Execution": "action",
    "Inquiry": "inquiry",
    "KeyValuePair": "keyvalue",
    "LiveAction": "action",
    "Pack": "pack",
    "Policy": "policy",
    "PolicyType": "policy",
    "Resource": "core",
    "Role": "rbac",
    "Rule": "reactor",
    "RuleEnforcement": "reactor",
    "RunnerType": "action",
    "Sensor": "reactor",
    "ServiceRegistryGroup": "service_registry",
    "ServiceRegistryMember": "service_registry",
    "Timer": "timer",
    "Token": "auth",
    "Trace": "trace",
    "Trigger": "reactor",
    "TriggerInstance": "reactor",
    "TriggerType": "reactor",
    "UserRoleAssignment": "rbac",
    "Webhook": "webhook",
}


def __getattr__(name: str) -> Any:
    if name in CLASSES:
        value = getattr(import_module(f"st2client.models.{CLASSES[name]}"), name)
    elif name.endswith("Manager"):
        value = getattr(import_module("st2client.managers"), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *CLASSES])
