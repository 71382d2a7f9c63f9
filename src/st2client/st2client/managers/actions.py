"""Actions and their aliases."""

from __future__ import annotations

import json
from typing import Any

from st2client.managers.base import ResourceManager
from st2client.models.core import Resource


class ActionResourceManager(ResourceManager):
    """Actions: also their entry points, copies and files."""

    def get_entrypoint(self, ref_or_id: str, **kwargs: Any) -> str:
        """Return the source of an action's entry point."""
        return self.call("GET", self.url("views", "entry_point", ref_or_id), **kwargs).text

    def delete_action(self, instance: Resource, remove_files: bool, **kwargs: Any) -> bool:
        """Delete an action, and on request its files on the server's disk."""
        body = json.dumps({"remove_files": bool(remove_files)})
        self.call_if_found("DELETE", self.url(instance.id), data=body, **kwargs)
        return True

    def clone(self, source_ref: str, dest_pack: str, dest_action: str, overwrite: bool = False, **kwargs: Any) -> Any:
        """Copy an action to another pack or name; return the copy."""
        body = {"dest_pack": dest_pack, "dest_action": dest_action, "overwrite": overwrite}
        return self._load(self.call("POST", self.url(source_ref, "clone"), json=body, **kwargs))


class ActionAliasResourceManager(ResourceManager):
    """Action aliases."""

    def match(self, instance: Resource, **kwargs: Any) -> tuple[Any, str]:
        """Return the alias that ``instance.command`` matches, and the format that matched."""
        found = self.call("POST", self.url("match"), json=instance.serialize(), **kwargs).json()
        return self.resource.deserialize(found["actionalias"]), found["representation"]


class ActionAliasExecutionManager(ResourceManager):
    """Runs of action aliases."""

    def match_and_execute(self, instance: Resource, **kwargs: Any) -> Any:
        """Run the alias that ``instance.command`` matches; return it with its ``execution`` and ``actionalias``."""
        body = instance.serialize()
        found = self.call("POST", self.url("match_and_execute"), json=body, **kwargs).json()
        return self.resource.deserialize(found["results"][0])
