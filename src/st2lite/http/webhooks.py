"""/webhooks: where other systems tell what happened; and /timers, the other triggers that need no sensor."""

from __future__ import annotations

import falcon

from st2lite.http.media import read_body
from st2lite.http.params import choice
from st2lite.http.rows import send_rows
from st2lite.models.errors import NotFound
from st2lite.models.trigger import TIMER_TYPES, Trigger
from st2lite.reactor.trigger_views import trigger_view
from st2lite.reactor.webhooks import Webhooks
from st2lite.storage.contract import Equal, In, Order, Store
from st2lite.storage.lookups import find_named


class WebhookResource:
    """Resource of the collection (`_list`), of one webhook, whose path may hold slashes, and of the generic one."""

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        send_rows(resp, [trigger_view(trigger) for trigger in self._webhooks.all()], None)

    def on_get(self, req: falcon.Request, resp: falcon.Response, hook: str) -> None:
        resp.media = trigger_view(self._webhooks.get(hook)[0])

    def on_post(self, req: falcon.Request, resp: falcon.Response, hook: str) -> None:
        body = read_body(req)
        self._webhooks.call(hook, _headers_of(req), body)
        resp.media = body
        resp.status = falcon.HTTP_202

    def on_post_generic(self, req: falcon.Request, resp: falcon.Response) -> None:
        body = read_body(req)
        self._webhooks.call_generic(_headers_of(req), body)
        resp.media = body
        resp.status = falcon.HTTP_202


class Timers:
    """Resource of the collection (`_list`) and of one timer."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        kind = choice(req, "timer_type", TIMER_TYPES, "")
        rows = self._store.find(Trigger, (Equal("type", kind) if kind else In("type", TIMER_TYPES),), (Order("ref"),))
        send_rows(resp, [trigger_view(row) for row in rows], None)

    def on_get(self, req: falcon.Request, resp: falcon.Response, ref_or_id: str) -> None:
        timer = find_named(self._store, Trigger, ref_or_id)
        if timer is None or timer.type not in TIMER_TYPES:
            raise NotFound(f'Timer with a reference or id "{ref_or_id}" not found.')
        resp.media = trigger_view(timer)


def _headers_of(req: falcon.Request) -> dict[str, str]:
    """Headers by name, written like `Content-Type`; a server hands bytes on as Latin-1, whatever they are."""
    return {name.title(): value if value.isascii() else _decoded(value) for name, value in req.headers.items()}


def _decoded(value: str) -> str:
    try:
        return value.encode("iso-8859-1").decode("utf-8")
    except UnicodeError:
        return value
