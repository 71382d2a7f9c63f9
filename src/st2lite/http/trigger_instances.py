"""/triggerinstances: what happened."""

from __future__ import annotations

import falcon

from st2lite.http.params import ListSpec, Period, read_list, read_selection
from st2lite.http.rows import find_page, send_rows
from st2lite.models.trigger import TriggerInstance
from st2lite.reactor.dispatch import Dispatcher
from st2lite.reactor.trigger_views import instance_view
from st2lite.storage.contract import Order, Store
from st2lite.storage.lookups import get_by_id

_FIELDS = {"trigger": "trigger", "trigger_type": "trigger_type", "status": "status"}
_LIST = ListSpec(
    filters=_FIELDS,
    sortable={**_FIELDS, "id": "id", "timestamp": "occurrence_time", "occurrence_time": "occurrence_time"},
    order=(Order("occurrence_time", descending=True), Order("trigger")),
    period=Period("occurrence_time", "timestamp_gt", "timestamp_lt"),
)


class TriggerInstances:
    """Resource of the collection (`_list`), one trigger instance, and its repetition."""

    def __init__(self, store: Store, dispatcher: Dispatcher) -> None:
        self._store = store
        self._dispatcher = dispatcher

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        query = read_list(req, _LIST)
        rows, total = find_page(self._store, TriggerInstance, query)
        send_rows(resp, [query.selection.of(instance_view(row)) for row in rows], query.limit, total)

    def on_get(self, req: falcon.Request, resp: falcon.Response, id: str) -> None:
        resp.media = read_selection(req).of(instance_view(get_by_id(self._store, TriggerInstance, id)))

    def on_post_re_emit(self, req: falcon.Request, resp: falcon.Response, id: str) -> None:
        repeated = self._dispatcher.repeat(get_by_id(self._store, TriggerInstance, id))
        resp.media = {"message": f"Trigger instance {id} succesfully re-sent.", "payload": repeated.payload}
