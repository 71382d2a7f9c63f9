"""/rbac: roles, what they can grant and who has them, as a server tells it that has no access control by roles."""

from __future__ import annotations

from typing import Any, NoReturn

import falcon

from st2lite.auth.permissions import permission_types
from st2lite.http.params import boolean, read_selection, text
from st2lite.http.rows import send_rows
from st2lite.models.errors import NotFound

_ROLES = (
    ("5f0000000000000000000021", "admin", "May do everything except to make other users administrators."),
    ("5f0000000000000000000022", "observer", "May look at everything."),
    ("5f0000000000000000000023", "system_admin", "May do everything."),
)


class Roles:
    """Resource of the collection (`_list`) and of one role. They come with the product; their ids are fixed."""

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        selection = read_selection(req)
        wanted = text(req, "system") is None or boolean(req, "system")  # all there are belong to the system
        rows = [selection.of(_view(*role)) for role in _ROLES] if wanted else []
        send_rows(resp, rows, None, len(rows))

    def on_get(self, req: falcon.Request, resp: falcon.Response, name_or_id: str) -> None:
        for role in _ROLES:
            if name_or_id in role[:2]:
                resp.media = read_selection(req).of(_view(*role))
                return
        raise NotFound(f'There is no role "{name_or_id}"; there are {", ".join(name for _, name, _ in _ROLES)}.')


class RoleAssignments:
    """Resource of the collection (`_list`), which is empty, and of one assignment."""

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        send_rows(resp, [], None, 0)

    def on_get(self, req: falcon.Request, resp: falcon.Response, id: str) -> NoReturn:
        raise NotFound(f'There is no role assignment "{id}": without access control by roles, nobody is given any.')


class PermissionTypes:
    """Resource of the permissions that roles can grant (`_list`), and of those for one type of resource."""

    def __init__(self) -> None:
        self._types = permission_types()

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = self._types

    def on_get(self, req: falcon.Request, resp: falcon.Response, resource_type: str) -> None:
        if resource_type not in self._types:
            raise NotFound(f'There is no resource type "{resource_type}"; there are {", ".join(self._types)}.')
        resp.media = self._types[resource_type]


def _view(identifier: str, name: str, description: str) -> dict[str, Any]:
    return {
        "id": identifier,
        "name": name,
        "description": description,
        "system": True,
        "permission_grants": [],
        "permission_grant_ids": [],
        "permission_grant_objects": [],
    }
