"""/rules, /rules/views and /ruletypes."""

from __future__ import annotations

import falcon

from st2lite.http.media import read_object
from st2lite.http.middleware import identity_of
from st2lite.http.params import ListSpec, boolean, read_list, read_selection
from st2lite.http.rows import find_page, send_rows
from st2lite.models.errors import NotFound
from st2lite.models.rule import RULE_TYPES, Rule
from st2lite.reactor.rule_book import RuleBook
from st2lite.reactor.rule_views import RuleViews, rule_type_view
from st2lite.storage.contract import Order, Store

_LIST = ListSpec(
    filters={"name": "name", "pack": "pack", "action": "action", "trigger": "trigger", "enabled": "enabled"},
    order=(Order("pack"), Order("name")),
    default_limit=None,
    flags=frozenset({"enabled"}),
)
_KEPT = ("id", "ref")


class Rules:
    """Resource of the collection (`_list`), one rule, and their views (`_views`, `_view`)."""

    def __init__(self, store: Store, book: RuleBook, views: RuleViews) -> None:
        self._store = store
        self._book = book
        self._views = views

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._send_page(req, resp, boolean(req, "show_secrets"))

    def on_post_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = self._views.rule(self._book.create(read_object(req), identity_of(req).user))
        resp.status = falcon.HTTP_201

    def on_get(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        selection, show = read_selection(req), boolean(req, "show_secrets")
        resp.media = selection.of(self._views.rule(self._book.get(ref_or_id), show), _KEPT)

    def on_put(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        rule = self._book.get(ref_or_id)
        resp.media = self._views.rule(self._book.update(rule, read_object(req), identity_of(req).user))

    def on_delete(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        self._book.delete(self._book.get(ref_or_id))
        resp.status = falcon.HTTP_204

    def on_get_views(self, req: falcon.Request, resp: falcon.Response) -> None:
        self._send_page(req, resp, show_secrets=False, described=True)

    def on_get_view(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        resp.media = read_selection(req).of(self._views.rule(self._book.get(ref_or_id), described=True), _KEPT)

    def _send_page(
        self, req: falcon.Request, resp: falcon.Response, show_secrets: bool, described: bool = False
    ) -> None:
        query = read_list(req, _LIST)
        rows, total = find_page(self._store, Rule, query)
        views = self._views.rules(rows, show_secrets, described)
        send_rows(resp, [query.selection.of(view, _KEPT) for view in views], query.limit, total)


class RuleTypes:
    """Resource of the collection (`_list`) and of one type of rules; they are few and never change."""

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        send_rows(resp, [rule_type_view(kind) for kind in RULE_TYPES], None)

    def on_get(self, req: falcon.Request, resp: falcon.Response, id: str) -> None:
        found = next((kind for kind in RULE_TYPES if kind.id == id), None)
        if found is None:
            raise NotFound(f'RuleType with id "{id}" not found.')
        resp.media = rule_type_view(found)
