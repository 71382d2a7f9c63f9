"""Packs and their configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from st2client.managers.base import ResourceManager
from st2client.models.core import Resource
from st2client.models.pack import AsyncRequest


class PackResourceManager(ResourceManager):
    """Packs: also installing, removing, registering and searching the index."""

    def install(
        self, packs: Sequence[str], force: bool = False, skip_dependencies: bool = False, **kwargs: Any
    ) -> AsyncRequest:
        """Begin to install packs; the answer's ``execution_id`` is the execution that does it."""
        body = {"packs": list(packs), "force": force, "skip_dependencies": skip_dependencies}
        return AsyncRequest.deserialize(self.call("POST", self.url("install"), json=body, **kwargs).json())

    def remove(self, packs: Sequence[str], **kwargs: Any) -> AsyncRequest:
        """Begin to remove packs; see :meth:`install`."""
        body = {"packs": list(packs)}
        return AsyncRequest.deserialize(self.call("POST", self.url("uninstall"), json=body, **kwargs).json())

    def search(self, args: Any, ignore_errors: bool = False, **kwargs: Any) -> Any:
        """Search the index of packs.

        :param args: an object with the attribute ``query`` (returns a list) or ``pack`` (returns one pack or None).
        """
        query = getattr(args, "query", None)
        body = {"query": query} if query is not None else {"pack": args.pack}
        response = self.client.post(self.url("index", "search"), body, **self.authorized(kwargs))
        if ignore_errors and not response.ok:
            return None
        response.raise_for_status()
        found = response.json()
        if isinstance(found, list):
            return [self.resource.deserialize(item) for item in found]
        return self.resource.deserialize(found) if found else None

    def register(self, packs: Sequence[str] | None = None, types: Sequence[str] | None = None, **kwargs: Any) -> Any:
        """Read packs from the server's disk again; return how many things of each kind were registered."""
        body = {name: list(value) for name, value in (("types", types), ("packs", packs)) if value}
        return self._load(self.call("POST", self.url("register"), json=body, **kwargs))


class ConfigManager(ResourceManager):
    """Configurations of packs."""

    def update(self, instance: Resource, **kwargs: Any) -> Any:
        """Store ``instance.values`` as the configuration of the pack ``instance.pack``."""
        return self._load(self.call("PUT", self.url(instance.pack), json=instance.values, **kwargs))
