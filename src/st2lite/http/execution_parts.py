"""What belongs to one execution: output, result, single attributes, children; and the values of the list filters."""

from __future__ import annotations

import gzip

import falcon
import msgspec

from st2lite.executions.service import ExecutionService
from st2lite.executions.views import ExecutionViews
from st2lite.http.executions import views_of
from st2lite.http.params import boolean, choice, integer, read_selection, text, words
from st2lite.http.rows import send_rows
from st2lite.models.document import Scalar
from st2lite.models.errors import InvalidInput

_ATTRIBUTES = ("result", "status", "trigger_instance")
_OUTPUT_TYPES = ("all", "stdout", "stderr", "output")
_FILTERS = ("action", "status", "rule", "runner", "trigger", "trigger_type", "user")
_MAY_BE_MISSING = frozenset({"rule", "trigger", "trigger_type"})
_FASTEST = 1


class ExecutionParts:
    """Resource of the sub-paths of `/executions/{id}` and of `/executions/views/filters`."""

    def __init__(self, service: ExecutionService, views: ExecutionViews) -> None:
        self._service = service
        self._views = views

    def on_get_children(self, req: falcon.Request, resp: falcon.Response, id: str) -> None:
        selection = read_selection(req)
        depth = integer(req, "depth")
        children = self._service.children(
            self._service.get(id),
            -1 if depth is None else depth,
            by_start=text(req, "result_fmt") == "sorted",
        )
        send_rows(resp, views_of(self._service, self._views, children, selection), None)

    def on_get_attribute(self, req: falcon.Request, resp: falcon.Response, id: str, attribute: str) -> None:
        if attribute not in _ATTRIBUTES:
            raise InvalidInput(f'Attribute "{attribute}" cannot be read alone; these can: {", ".join(_ATTRIBUTES)}.')
        view = self._views.execution(self._service.get(id), include=(attribute,))
        resp.data = msgspec.json.encode(view.get(attribute))
        resp.content_type = falcon.MEDIA_JSON

    def on_get_output(self, req: falcon.Request, resp: falcon.Response, id: str) -> None:
        kind = choice(req, "output_type", _OUTPUT_TYPES, "all")
        chunks = self._service.output(self._service.get(id), None if kind == "all" else kind)
        resp.content_type = "text/plain; charset=utf-8"
        resp.text = "".join(chunk.data for chunk in chunks)

    def on_get_result(self, req: falcon.Request, resp: falcon.Response, id: str) -> None:
        download, compress = boolean(req, "download"), boolean(req, "compress")
        pretty = boolean(req, "pretty_format")
        execution = self._service.get(id)
        content = bytes(execution.result) or b"null"
        if pretty:
            content = msgspec.json.format(content, indent=4)
        name = f"execution_{execution.id}_result.json"
        resp.content_type = "text/json"
        if compress:
            content = gzip.compress(content, _FASTEST)
            name += ".gz"
            resp.content_type = "application/x-gzip"
            resp.set_header("Content-Encoding", "gzip")
        if download:
            resp.set_header("Content-Disposition", f"attachment; filename={name}")
        resp.data = content

    def on_get_filters(self, req: falcon.Request, resp: falcon.Response) -> None:
        wanted = words(req, "types") or _FILTERS
        resp.media = {name: self._values(name) for name in _FILTERS if name in wanted}

    def _values(self, name: str) -> list[Scalar]:
        values = self._service.distinct(name)
        return values if name in _MAY_BE_MISSING else [value for value in values if value is not None]
