"""/inquiries: what waits for somebody's answer."""

from __future__ import annotations

from typing import Any

import falcon
import msgspec

from st2lite.executions.inquiries import InquiryService, inquiry_view
from st2lite.http.bodies import read_as
from st2lite.http.middleware import identity_of
from st2lite.http.params import read_limit, read_selection
from st2lite.http.rows import send_rows, total_of

_DEFAULT_LIMIT = 20


class InquiryAnswer(msgspec.Struct):
    """Body of `PUT /inquiries/{id}`; the Web UI sends the whole inquiry along, which is ignored."""

    id: str
    response: dict[str, Any]


class Inquiries:
    """Resource of the collection (`_list`) and of one inquiry."""

    def __init__(self, service: InquiryService) -> None:
        self._service = service

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        limit = read_limit(req, _DEFAULT_LIMIT)
        selection = read_selection(req)
        rows = self._service.find(limit)
        total = total_of(self._service.count, limit, 0, len(rows))
        send_rows(resp, [selection.of(inquiry_view(row)) for row in rows], limit, total)

    def on_get(self, req: falcon.Request, resp: falcon.Response, id: str) -> None:
        resp.media = inquiry_view(self._service.get(id))

    def on_put(self, req: falcon.Request, resp: falcon.Response, id: str) -> None:
        answer = read_as(req, InquiryAnswer)
        self._service.respond(id, answer.response, identity_of(req).user)
        resp.media = {"id": id, "response": answer.response}
