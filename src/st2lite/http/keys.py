"""/keys: the datastore."""

from __future__ import annotations

import falcon
import msgspec

from st2lite.http.bodies import read_as
from st2lite.http.middleware import identity_of
from st2lite.http.params import ListSpec, boolean, read_ids, read_list, text
from st2lite.http.rows import send_rows
from st2lite.rendering.keys import Keys

_LIST = ListSpec(sortable={"id": "id", "name": "name", "expire_timestamp": "expire_timestamp"})


class KeyInput(msgspec.Struct):
    """Body of `PUT /keys/{name}`; the name that counts is the one in the path. `ttl` is in seconds."""

    value: str
    name: str | None = None
    secret: bool | None = None
    encrypted: bool | None = None
    scope: str | None = None
    ttl: int | None = None
    user: str | None = None
    description: str | None = None


class KeysResource:
    """Resource of the collection (`_list`) and of one item."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        query = read_list(req, _LIST)
        rows = self._keys.list(
            identity_of(req).user,
            text(req, "scope") or "system",
            text(req, "user"),
            prefix=text(req, "prefix") or "",
            name=text(req, "name"),
            ids=read_ids(req),
            decrypt=boolean(req, "decrypt"),
            order=query.order,
            limit=query.limit,
            offset=query.offset,
        )
        send_rows(resp, rows, query.limit)

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        resp.media = self._keys.get(
            identity_of(req).user, name, text(req, "scope"), text(req, "user"), decrypt=boolean(req, "decrypt")
        )

    def on_put(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        item = read_as(req, KeyInput)
        resp.media = self._keys.set(
            identity_of(req).user,
            name,
            item.value,
            item.scope,
            item.user,
            secret=bool(item.secret),
            encrypted=bool(item.encrypted),
            ttl=item.ttl,
            description=item.description,
        )

    def on_delete(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        self._keys.delete(identity_of(req).user, name, text(req, "scope"), text(req, "user"))
        resp.status = falcon.HTTP_204
