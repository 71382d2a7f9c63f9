"""The services that run, each with a lease that it renews while it lives."""

from __future__ import annotations

from typing import Any, ClassVar

from st2lite.models.document import Collection, Document, Index


class ServiceMember(Document, kw_only=True):
    """One process of a service. `group` is the service's name as clients know it (`api`), `expires` epoch seconds.

    `capabilities` is what the service registry shows: hostname, pid, name, type (`active` ones listen), and
    listen_host, listen_port where it listens. `id` is made of group, hostname and pid.
    """

    collection: ClassVar[Collection] = Collection(
        "service_members",
        fields={"group": lambda m: m.group, "expires": lambda m: m.expires},
        indexes=(Index(("group",)), Index(("expires",))),
    )

    group: str
    expires: float
    capabilities: dict[str, Any] = {}

    @property
    def member_id(self) -> str:
        """Name of the process, the same for all services in it."""
        return f"{self.capabilities['hostname']}_{self.capabilities['pid']}"
