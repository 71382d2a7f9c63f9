"""/actionalias: commands in a person's words."""

from __future__ import annotations

import falcon
import msgspec

from st2lite.content.aliases import make_alias, name_is_taken, same_name
from st2lite.content.packs import given_pack
from st2lite.executions.aliases import AliasService, alias_view
from st2lite.http.bodies import read_as
from st2lite.http.media import read_object
from st2lite.http.params import ListSpec, read_limit, read_list, read_offset, read_selection, text
from st2lite.http.rows import find_page, send_rows
from st2lite.models.alias import ActionAlias
from st2lite.models.errors import Conflict
from st2lite.storage.contract import Order, Store
from st2lite.storage.lookups import get_named

_FIELDS = {"pack": "pack", "name": "name"}
_LIST = ListSpec(filters=_FIELDS, sortable={"id": "id", "ref": "ref", **_FIELDS}, order=(Order("pack"), Order("name")))
_KEPT = ("id", "ref")
_HELP_LIMIT = 100


class Said(msgspec.Struct):
    """Body of `POST /actionalias/match`."""

    command: str


class Aliases:
    """Resource of the collection (`_list`), one alias, matching and help."""

    def __init__(self, store: Store, service: AliasService) -> None:
        self._store = store
        self._service = service

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        query = read_list(req, _LIST)
        rows, total = find_page(self._store, ActionAlias, query)
        send_rows(resp, [query.selection.of(alias_view(row), _KEPT) for row in rows], query.limit, total)

    def on_post_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        content = read_object(req)
        alias = make_alias(content, given_pack(content, default=""))
        self._refuse_taken_name(alias)
        self._store.insert(alias)
        resp.media = alias_view(alias)
        resp.status = falcon.HTTP_201

    def _refuse_taken_name(self, alias: ActionAlias) -> None:
        other = same_name(self._store, [alias.name], alias.pack).get(alias.name)
        if other is not None and other.id != alias.id:
            raise Conflict(f"name: {name_is_taken(alias, other)}.", other.id)

    def on_get(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        resp.media = read_selection(req).of(alias_view(get_named(self._store, ActionAlias, ref_or_id)), _KEPT)

    def on_put(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        stored = get_named(self._store, ActionAlias, ref_or_id)
        content = read_object(req)
        alias = make_alias(content, given_pack(content, stored.pack))
        alias.id, alias.rev = stored.id, stored.rev
        self._refuse_taken_name(alias)
        alias.metadata_file = alias.metadata_file or stored.metadata_file
        self._store.replace(alias)
        resp.media = alias_view(alias)

    def on_delete(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        self._store.delete(ActionAlias, get_named(self._store, ActionAlias, ref_or_id).id)
        resp.status = falcon.HTTP_204

    def on_post_match(self, req: falcon.Request, resp: falcon.Response) -> None:
        found = self._service.match(read_as(req, Said).command)
        resp.media = {
            "actionalias": alias_view(found.alias),
            "display": found.representation.display,
            "representation": found.representation.format,
        }

    def on_get_help(self, req: falcon.Request, resp: falcon.Response) -> None:
        limit, offset = read_limit(req, _HELP_LIMIT), read_offset(req)
        lines = self._service.help(text(req, "pack"), text(req, "filter"))
        shown = lines[offset:] if limit is None else lines[offset : offset + limit]
        resp.media = {"available": len(lines), "helpstrings": shown}
