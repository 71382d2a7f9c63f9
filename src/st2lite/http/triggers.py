"""/triggertypes and /triggers."""

from __future__ import annotations

from typing import Any

import falcon
import msgspec

from st2lite.http.bodies import read_as
from st2lite.http.media import read_object
from st2lite.http.params import ListSpec, read_list, read_selection, text
from st2lite.http.rows import find_page, send_rows
from st2lite.models.trigger import Trigger, TriggerType
from st2lite.reactor.trigger_catalog import TriggerCatalog
from st2lite.reactor.trigger_views import trigger_type_view, trigger_view
from st2lite.storage.contract import Equal, Order, Store

_FIELDS = {"pack": "pack", "name": "name"}
_LIST = ListSpec(filters=_FIELDS, sortable={"id": "id", "ref": "ref", **_FIELDS}, order=(Order("ref"),))
_KEPT = ("id", "ref")


class TriggerInput(msgspec.Struct):
    """Body of a request that makes or changes a trigger; what it was shown with besides is ignored."""

    type: str
    pack: str | None = None
    name: str | None = None
    parameters: dict[str, Any] | None = None
    description: str | None = None


class TriggerTypes:
    """Resource of the collection (`_list`) and of one trigger type."""

    def __init__(self, store: Store, catalog: TriggerCatalog) -> None:
        self._store = store
        self._catalog = catalog

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        query = read_list(req, _LIST)
        rows, total = find_page(self._store, TriggerType, query)
        send_rows(resp, [query.selection.of(trigger_type_view(row), _KEPT) for row in rows], query.limit, total)

    def on_post_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = trigger_type_view(self._catalog.create_type(read_object(req)))
        resp.status = falcon.HTTP_201

    def on_get(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        resp.media = read_selection(req).of(trigger_type_view(self._catalog.get_type(ref_or_id)), _KEPT)

    def on_put(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        definition = self._catalog.get_type(ref_or_id)
        resp.media = trigger_type_view(self._catalog.update_type(definition, read_object(req)))

    def on_delete(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        self._catalog.delete_type(self._catalog.get_type(ref_or_id))
        resp.status = falcon.HTTP_204


class TriggersResource:
    """Resource of the collection (`_list`) and of one trigger."""

    def __init__(self, store: Store, catalog: TriggerCatalog) -> None:
        self._store = store
        self._catalog = catalog

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        kind = text(req, "type")
        rows = self._store.find(Trigger, (Equal("type", kind),) if kind else (), (Order("ref"),))
        send_rows(resp, [trigger_view(row) for row in rows], None)

    def on_post_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        wanted = read_as(req, TriggerInput)
        resp.media = trigger_view(self._catalog.create(wanted.type, wanted.parameters or {}, wanted.pack, wanted.name))
        resp.status = falcon.HTTP_201

    def on_get(self, req: falcon.Request, resp: falcon.Response, id: str) -> None:
        resp.media = trigger_view(self._catalog.get(id))

    def on_put(self, req: falcon.Request, resp: falcon.Response, id: str) -> None:
        trigger, wanted = self._catalog.get(id), read_as(req, TriggerInput)
        resp.media = trigger_view(
            self._catalog.update(trigger, wanted.type, wanted.parameters or {}, wanted.description)
        )

    def on_delete(self, req: falcon.Request, resp: falcon.Response, id: str) -> None:
        self._catalog.delete(self._catalog.get(id))
        resp.status = falcon.HTTP_204
