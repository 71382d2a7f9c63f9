"""`/user`: who is calling, and how they showed it."""

from __future__ import annotations

from typing import Any

import falcon

from st2lite.auth.authenticate import Identity
from st2lite.http.middleware import identity_of
from st2lite.models.timestamps import to_datetime


class CurrentUser:
    """Resource of `/user`."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        identity = identity_of(req)
        resp.media = {
            "username": identity.user,
            "authentication": _authentication(identity),
            # Without role based access control everybody may do everything.
            "rbac": {"enabled": False, "roles": [], "is_admin": True},
        }


def _authentication(identity: Identity) -> dict[str, Any]:
    view = {"method": identity.method or "none", "location": identity.location or "none"}
    if identity.token_expire:
        view["token_expire"] = to_datetime(identity.token_expire).strftime("%Y-%m-%dT%H:%M:%SZ")
    return view
