"""Workflow inspection and the registry of running services."""

from __future__ import annotations

from typing import Any

from st2client.errors import UsageError
from st2client.managers.base import ApiManager, ResourceManager
from st2client.transport import path


class WorkflowManager(ApiManager):
    """Checks of workflow definitions."""

    def inspect(self, definition: str, **kwargs: Any) -> Any:
        """Return the list of errors in a workflow definition (YAML text); empty when there are none."""
        if not isinstance(definition, str):
            raise UsageError(f"A workflow definition is text, not {type(definition).__name__}")
        headers = {**(kwargs.pop("headers", None) or {}), "content-type": "text/plain"}
        return self.call("POST", "/workflows/inspect", data=definition, headers=headers, **kwargs).json()


class ServiceRegistryGroupsManager(ResourceManager):
    """Kinds of services."""

    def list(self, **kwargs: Any) -> list[Any]:
        """Return the groups, each with its ``group_id``."""
        groups = self.call("GET", "/service_registry/groups", **kwargs).json()["groups"]
        return [self.resource(group_id=group) for group in groups]


class ServiceRegistryMembersManager(ResourceManager):
    """Running services."""

    def list(self, group_id: str, **kwargs: Any) -> list[Any]:
        """Return the members of a group: ``group_id``, ``member_id``, ``capabilities``."""
        url = path("service_registry/groups", group_id, "members")
        members = self.call("GET", url, **kwargs).json()["members"]
        return [
            self.resource(group_id=group_id, member_id=member["member_id"], capabilities=member["capabilities"])
            for member in members
        ]
