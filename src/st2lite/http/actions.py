"""/actions."""

from __future__ import annotations

import falcon
import msgspec

from st2lite.content.action_files import ActionFiles
from st2lite.executions.snapshots import action_content
from st2lite.http.bodies import read_as
from st2lite.http.media import read_object
from st2lite.http.params import ListQuery, ListSpec, read_list, read_selection, text
from st2lite.http.rows import find_page, page_of, send_rows
from st2lite.models.action import Action
from st2lite.storage.contract import Order, Store
from st2lite.storage.lookups import get_named

_LIST = ListSpec(
    filters={"pack": "pack", "name": "name"},
    order=(Order("pack"), Order("name")),
    default_limit=None,
    excludable=frozenset({"parameters", "notify"}),
)
_KEPT = ("id", "ref")


class ActionDeletion(msgspec.Struct):
    """Body of `DELETE /actions/{ref_or_id}`, which may be empty."""

    remove_files: bool = False


class CloneRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Body of `POST /actions/{ref_or_id}/clone`."""

    dest_pack: str
    dest_action: str
    overwrite: bool = False


class Actions:
    """Resource of the collection (`_list`), one action, and its clone."""

    def __init__(self, store: Store, files: ActionFiles) -> None:
        self._store = store
        self._files = files

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        query = read_list(req, _LIST)
        tag = text(req, "tags")
        rows, total = self._tagged(query, tag) if tag else find_page(self._store, Action, query)
        send_rows(resp, [query.selection.of(action_content(row), _KEPT) for row in rows], query.limit, total)

    def on_post_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = action_content(self._files.create(read_object(req)))
        resp.status = falcon.HTTP_201

    def on_get(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        resp.media = read_selection(req).of(action_content(get_named(self._store, Action, ref_or_id)), _KEPT)

    def on_put(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        action = get_named(self._store, Action, ref_or_id)
        resp.media = action_content(self._files.update(action, read_object(req)))

    def on_delete(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        action = get_named(self._store, Action, ref_or_id)
        self._files.delete(action, read_as(req, ActionDeletion).remove_files)
        resp.status = falcon.HTTP_204

    def on_post_clone(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        action = get_named(self._store, Action, ref_or_id)
        wanted = read_as(req, CloneRequest)
        resp.media = action_content(self._files.clone(action, wanted.dest_pack, wanted.dest_action, wanted.overwrite))
        resp.status = falcon.HTTP_201

    def _tagged(self, query: ListQuery, tag: str) -> tuple[list[Action], int]:
        """A page of the actions that carry a tag; the store knows no tags, and actions are few."""
        rows = self._store.find(Action, query.filters, query.order)
        rows = [row for row in rows if any(each.get("name") == tag for each in row.tags)]
        return page_of(rows, query), len(rows)
