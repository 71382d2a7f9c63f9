"""/traces: what followed from one beginning."""

from __future__ import annotations

import falcon

from st2lite.http.params import boolean, read_ids, read_limit, read_offset, read_selection, text, words
from st2lite.http.rows import send_rows
from st2lite.reactor.traces import TraceFilter, Traces

_DEFAULT_LIMIT = 100
_BEGINNING = "start_timestamp"


class TraceResource:
    """Resource of the collection (`_list`) and of one trace."""

    def __init__(self, traces: Traces) -> None:
        self._traces = traces

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        limit, selection = read_limit(req, _DEFAULT_LIMIT), read_selection(req)
        wanted = TraceFilter(
            read_ids(req),
            text(req, "trace_tag"),
            text(req, "execution"),
            text(req, "trigger_instance"),
            text(req, "rule"),
        )
        rows, total = self._traces.find(wanted, _is_ascending(req), limit, read_offset(req))
        send_rows(resp, [selection.of(row) for row in rows], limit, total)

    def on_get(self, req: falcon.Request, resp: falcon.Response, id: str) -> None:
        resp.media = read_selection(req).of(self._traces.get(id))


def _is_ascending(req: falcon.Request) -> bool:
    """Traces are ordered by their beginning, newest first unless asked otherwise."""
    ascending, descending = boolean(req, "sort_asc"), boolean(req, "sort_desc")
    return (ascending and not descending) or bool({_BEGINNING, f"+{_BEGINNING}"}.intersection(words(req, "sort")[:1]))
