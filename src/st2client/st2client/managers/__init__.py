"""Resource managers: the calls of the API, one module per room of it. Each module loads when first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

#: class -> module of this package
CLASSES = {
    "ActionAliasExecutionManager": "actions",
    "ActionAliasResourceManager": "actions",
    "ActionResourceManager": "actions",
    "ConfigManager": "packs",
    "ExecutionResourceManager": "executions",
    "InquiryResourceManager": "executions",
    "KeyValuePairResourceManager": "keys",
    "PackResourceManager": "packs",
    "ResourceManager": "base",
    "ServiceRegistryGroupsManager": "services",
    "ServiceRegistryMembersManager": "services",
    "StreamManager": "stream",
    "TriggerInstanceResourceManager": "reactor",
    "WebhookManager": "reactor",
    "WorkflowManager": "services",
}


def __getattr__(name: str) -> Any:
    if name not in CLASSES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"st2client.managers.{CLASSES[name]}"), name)
