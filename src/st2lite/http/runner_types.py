"""/runnertypes."""

from __future__ import annotations

import falcon
import msgspec

from st2lite.executions.snapshots import runner_content
from st2lite.http.bodies import read_as
from st2lite.http.params import ListSpec, read_list, read_selection
from st2lite.http.rows import find_page, send_rows
from st2lite.models.action import RunnerType
from st2lite.storage.contract import Order, Store
from st2lite.storage.lookups import get_named

_LIST = ListSpec(filters={"name": "name"}, sortable={"id": "id", "name": "name"}, order=(Order("name"),))


class RunnerUpdate(msgspec.Struct):
    """Body of `PUT /runnertypes/{name_or_id}`; what a client sends besides is what it was given, and ignored."""

    enabled: bool | None = None


class RunnerTypes:
    """Resource of the collection (`_list`) and of one runner type."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        query = read_list(req, _LIST)
        rows, total = find_page(self._store, RunnerType, query)
        send_rows(resp, [query.selection.of(runner_content(row)) for row in rows], query.limit, total)

    def on_get(self, req: falcon.Request, resp: falcon.Response, name_or_id: str) -> None:
        resp.media = read_selection(req).of(runner_content(self._get(name_or_id)))

    def on_put(self, req: falcon.Request, resp: falcon.Response, name_or_id: str) -> None:
        runner = self._get(name_or_id)
        enabled = read_as(req, RunnerUpdate).enabled
        if enabled is not None and enabled is not runner.enabled:
            runner.enabled = enabled
            self._store.replace(runner)
        resp.media = runner_content(runner)

    def _get(self, name_or_id: str) -> RunnerType:
        return get_named(self._store, RunnerType, name_or_id, "name", "RunnerType with name or id")
