"""/actions/views: parameters together with those of the runner, and the files behind actions."""

from __future__ import annotations

from typing import Any

import falcon

from st2lite.content.files import read_pack_file
from st2lite.executions.snapshots import action_content
from st2lite.http.packs import find_pack
from st2lite.http.params import ListSpec, read_list
from st2lite.http.rows import find_page, send_rows
from st2lite.models.action import Action, RunnerType
from st2lite.models.errors import NotFound
from st2lite.rendering.parameters import merged_schema
from st2lite.storage.contract import Equal, Order, Store, find_one
from st2lite.storage.lookups import get_named

# `pack` is not among the filters, as clients know it of this view.
_LIST = ListSpec(
    filters={"name": "name"}, order=(Order("pack"), Order("name")), default_limit=None,
    excludable=frozenset({"parameters", "notify"}),
)  # fmt: skip
_SHOWN_AS = frozenset({"application/x-yaml", "text/x-python"})
_KEPT = ("id", "ref")


class ActionViews:
    """Resource of the views of actions; `_list` is the one of all actions."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        query = read_list(req, _LIST)
        rows, total = find_page(self._store, Action, query)
        runners = {runner.name: runner for runner in self._store.find(RunnerType)}
        views = [query.selection.of(_overview(row, runners.get(row.runner_type)), _KEPT) for row in rows]
        send_rows(resp, views, query.limit, total)

    def on_get_overview(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        action = get_named(self._store, Action, ref_or_id)
        resp.media = _overview(action, self._runner(action))

    def on_get_parameters(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        action = get_named(self._store, Action, ref_or_id)
        runner = self._runner(action)
        resp.media = {"parameters": merged_schema(action, runner) if runner else action.parameters}

    def on_get_entry_point(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        action = get_named(self._store, Action, ref_or_id)
        if not action.entry_point:
            raise NotFound(f'Action "{action.ref}" has no entry point: its runner needs no file.')
        file = read_pack_file(find_pack(self._store, action.pack), f"actions/{action.entry_point}")
        resp.content_type = file.media_type if file.media_type in _SHOWN_AS else falcon.MEDIA_TEXT
        resp.data = file.content

    def _runner(self, action: Action) -> RunnerType | None:
        return find_one(self._store, RunnerType, Equal("name", action.runner_type))


def _overview(action: Action, runner: RunnerType | None) -> dict[str, Any]:
    """An action with the parameters of its runner; of one whose runner is gone, what it says itself."""
    view = action_content(action)
    if runner:
        view["parameters"] = merged_schema(action, runner)
    return view
