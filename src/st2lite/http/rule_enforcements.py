"""/ruleenforcements and /ruleenforcements/views: which rules matched, and what became of it."""

from __future__ import annotations

import falcon

from st2lite.executions.views import ExecutionViews
from st2lite.http.params import ListQuery, ListSpec, Period, read_list, read_selection
from st2lite.http.rows import find_page, send_rows
from st2lite.models.rule import RuleEnforcement
from st2lite.reactor.rule_views import enforcement_view, enforcement_views
from st2lite.storage.contract import Order, Store
from st2lite.storage.lookups import get_by_id

_FIELDS = {
    "execution": "execution",
    "rule_ref": "rule_ref",
    "rule_id": "rule_id",
    "trigger_instance": "trigger_instance",
}
_LIST = ListSpec(
    filters=_FIELDS,
    sortable={**_FIELDS, "id": "id", "enforced_at": "enforced_at"},
    order=(Order("enforced_at", descending=True), Order("rule_ref")),
    default_limit=50,
    period=Period("enforced_at", "enforced_at_gt", "enforced_at_lt"),
)


class RuleEnforcements:
    """Resource of the collection (`_list`), one enforcement, and their views (`_views`, `_view`)."""

    def __init__(self, store: Store, executions: ExecutionViews) -> None:
        self._store = store
        self._executions = executions

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        query, rows, total = self._page(req)
        send_rows(resp, [query.selection.of(enforcement_view(row)) for row in rows], query.limit, total)

    def on_get(self, req: falcon.Request, resp: falcon.Response, id: str) -> None:
        resp.media = read_selection(req).of(enforcement_view(get_by_id(self._store, RuleEnforcement, id)))

    def on_get_views(self, req: falcon.Request, resp: falcon.Response) -> None:
        query, rows, total = self._page(req)
        views = enforcement_views(self._store, self._executions, rows)
        send_rows(resp, [query.selection.of(view) for view in views], query.limit, total)

    def on_get_view(self, req: falcon.Request, resp: falcon.Response, id: str) -> None:
        found = get_by_id(self._store, RuleEnforcement, id)
        resp.media = read_selection(req).of(enforcement_views(self._store, self._executions, [found])[0])

    def _page(self, req: falcon.Request) -> tuple[ListQuery, list[RuleEnforcement], int]:
        query = read_list(req, _LIST)
        return query, *find_page(self._store, RuleEnforcement, query)
