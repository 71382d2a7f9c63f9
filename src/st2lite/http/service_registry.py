"""/service_registry: the processes of services that run now."""

from __future__ import annotations

import time
from collections.abc import Sequence

import falcon

from st2lite.models.errors import NotFound
from st2lite.models.service import ServiceMember
from st2lite.storage.contract import Equal, Filter, Store


class ServiceRegistry:
    """Resource of the groups (`_groups`), which are services, and of the members of one, which are processes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def on_get_groups(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = {"groups": sorted({member.group for member in self._alive(())})}

    def on_get_members(self, req: falcon.Request, resp: falcon.Response, group_id: str) -> None:
        found = [
            {"group_id": group_id, "member_id": member.member_id, "capabilities": member.capabilities}
            for member in self._alive((Equal("group", group_id),))
        ]
        if not found:
            raise NotFound(f'There is no group "{group_id}": no such service runs. GET /service_registry/groups.')
        resp.media = {"members": found}

    def _alive(self, filters: Sequence[Filter]) -> list[ServiceMember]:
        now = time.time()
        return [member for member in self._store.find(ServiceMember, filters) if member.expires > now]
