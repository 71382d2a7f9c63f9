"""/executions (also served as /actionexecutions): request, find, read, change, cancel and re-run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import falcon
import msgspec

from st2lite.executions.queries import NEWEST_FIRST
from st2lite.executions.service import ExecutionService
from st2lite.executions.views import ExecutionViews
from st2lite.http.bodies import read_as
from st2lite.http.middleware import identity_of
from st2lite.http.params import (
    ListSpec,
    Period,
    Selection,
    boolean,
    equality,
    integer,
    read_list,
    read_selection,
    text,
)
from st2lite.http.rows import send_rows, total_of
from st2lite.models.errors import IllegalTransition, InvalidInput
from st2lite.models.execution import NO_RESULT, RESULT_LIMIT, Execution
from st2lite.storage.contract import Filter, Order, UpTo

_FIELDS = {
    "status": "status",
    "parent": "parent",
    "action": "action",
    "runner": "runner",
    "rule": "rule",
    "trigger": "trigger",
    "trigger_type": "trigger_type",
    "trigger_instance": "trigger_instance",
    "user": "user",
    "liveaction": "liveaction",
    "timestamp": "start_timestamp",
}
_EXCLUDABLE = frozenset({"result", "trigger_instance", "status"})
_LIST = ListSpec(
    filters=_FIELDS,
    sortable={**_FIELDS, "id": "id", "start_timestamp": "start_timestamp"},
    order=NEWEST_FIRST,
    excludable=_EXCLUDABLE,
    timestamps=frozenset({"timestamp"}),
    period=Period("start_timestamp", "timestamp_gt", "timestamp_lt"),
)
MOST_AT_ONCE = 8 * 1024 * 1024
"""Bytes of results that one answer may hold in memory; a list of more is sent while it is read."""

_OLDEST_FIRST = (Order("start_timestamp"),)
_CONTEXT_HEADER = "st2-context"

# What the free-text parameter `filter` can compare: paths as they appear in a response, and the stored field.
_PATHS = {
    "id": "id",
    "status": "status",
    "parent": "parent",
    "start_timestamp": "start_timestamp",
    "action.ref": "action",
    "liveaction.action": "action",
    "liveaction.id": "liveaction",
    "runner.name": "runner",
    "action.runner_type": "runner",
    "context.user": "user",
    "rule.name": "rule",
    "trigger.name": "trigger",
    "trigger_type.name": "trigger_type",
    "trigger_instance.id": "trigger_instance",
}


class ExecutionRequest(msgspec.Struct):
    """Body of `POST /executions`; `delay` is in milliseconds."""

    action: str
    parameters: dict[str, Any] | None = None
    user: str | None = None
    context: dict[str, Any] | None = None
    notify: dict[str, Any] | None = None
    delay: int | None = None
    callback: dict[str, Any] | None = None


class ExecutionUpdate(msgspec.Struct, forbid_unknown_fields=True):
    """Body of `PUT /executions/{id}`."""

    status: str | None = None
    result: Any = None


class ReRunRequest(msgspec.Struct):
    """Body of `POST /executions/{id}/re_run`; `delay` is in milliseconds."""

    parameters: dict[str, Any] | None = None
    tasks: list[str] | None = None
    reset: list[str] | None = None
    user: str | None = None
    delay: int | None = None


_context = msgspec.json.Decoder(dict[str, Any])


class Executions:
    """Resource of the collection (`_list`), one execution, and its re-run."""

    def __init__(self, service: ExecutionService, views: ExecutionViews) -> None:
        self._service = service
        self._views = views

    def on_get_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        query = read_list(req, _LIST)
        filters = [*query.filters, *_path_filters(text(req, "filter") or "")]
        order = query.order if text(req, "sort") else _chronology(req)
        show = boolean(req, "show_secrets")
        results = UpTo(MOST_AT_ONCE, ("result",)) if shows(query.selection, "result") else False
        rows = self._service.find(filters, order, query.limit, query.offset, results)
        total = total_of(lambda: self._service.count(filters), query.limit, query.offset, len(rows))
        send_rows(resp, views_of(self._service, self._views, rows, query.selection, show), query.limit, total)

    def on_post_list(self, req: falcon.Request, resp: falcon.Response) -> None:
        wanted = read_as(req, ExecutionRequest)
        show = boolean(req, "show_secrets")
        execution = self._service.request(
            wanted.action,
            wanted.parameters or {},
            wanted.user or identity_of(req).user,
            {**(wanted.context or {}), **_context_of(req)},
            notify=wanted.notify,
            delay=wanted.delay or 0,
            callback=wanted.callback,
        )
        resp.status = falcon.HTTP_201
        resp.media = self._views.execution(execution, show_secrets=show)

    def on_get(self, req: falcon.Request, resp: falcon.Response, id: str) -> None:
        selection = read_selection(req, _EXCLUDABLE)
        largest = _largest_result(req)
        show = boolean(req, "show_secrets")
        execution = self._service.get(id)
        if largest is not None and execution.result_size > largest:
            execution.result = NO_RESULT
        resp.media = view_all(self._service, self._views, [execution], selection, show)[0]

    def on_put(self, req: falcon.Request, resp: falcon.Response, id: str) -> None:
        update = read_as(req, ExecutionUpdate)
        show = boolean(req, "show_secrets")
        execution = self._service.get(id)
        changed = self._service.update(execution, update.status, update.result, identity_of(req).user)
        resp.media = self._views.execution(changed, show_secrets=show)

    def on_delete(self, req: falcon.Request, resp: falcon.Response, id: str) -> None:
        show = boolean(req, "show_secrets")
        execution = self._service.get(id)
        try:
            execution = self._service.cancel(execution, identity_of(req).user)
        except IllegalTransition as error:
            # Clients read this as the answer, not as an error: the status stays 200.
            resp.media = {"faultstring": error.message}
            return
        resp.media = self._views.execution(execution, show_secrets=show)

    def on_post_re_run(self, req: falcon.Request, resp: falcon.Response, id: str) -> None:
        wanted = read_as(req, ReRunRequest)
        show = boolean(req, "show_secrets")
        execution = self._service.re_run(
            self._service.get(id),
            wanted.parameters or {},
            wanted.user or identity_of(req).user,
            tasks=wanted.tasks,
            reset=wanted.reset,
            delay=wanted.delay or 0,
        )
        resp.status = falcon.HTTP_201
        resp.media = self._views.execution(execution, show_secrets=show)


def views_of(
    service: ExecutionService,
    views: ExecutionViews,
    executions: list[Execution],
    selection: Selection,
    show_secrets: bool = False,
) -> list[dict[str, Any]] | Iterator[dict[str, Any]]:
    """Render executions; results that they were found without are read here: one by one if they are large."""
    if not shows(selection, "result"):
        return view_all(service, views, executions, selection, show_secrets)
    if sum(execution.result_size for execution in executions) <= MOST_AT_ONCE:
        return view_all(service, views, service.with_results(executions), selection, show_secrets)
    return (
        view_all(service, views, [service.with_result(execution)], selection, show_secrets)[0]
        for execution in executions
    )


def view_all(
    service: ExecutionService,
    views: ExecutionViews,
    executions: list[Execution],
    selection: Selection,
    show_secrets: bool = False,
) -> list[dict[str, Any]]:
    """Render executions as selected; their children are looked up only where they are shown."""
    children = service.children_ids(executions) if executions and shows(selection, "children") else {}
    include = selection.include or None
    return [
        views.execution(
            execution,
            show_secrets=show_secrets,
            include=include,
            exclude=selection.exclude,
            children=children.get(execution.id, ()),
        )
        for execution in executions
    ]


def _path_filters(expression: str) -> list[Filter]:
    """Filters of the free-text parameter: space separated `path:value` pairs."""
    filters = []
    for pair in expression.split():
        path, colon, value = pair.partition(":")
        stored = _PATHS.get(path)
        if not colon or not value or stored is None:
            raise InvalidInput(
                f'filter: "{pair}" is not a pair path:value with one of these paths: {", ".join(sorted(_PATHS))}.'
            )
        filters.append(equality(path, stored, value))
    return filters


def _chronology(req: falcon.Request) -> tuple[Order, ...]:
    """Newest first, unless the caller only asks for what came after a moment, or for the oldest first."""
    if text(req, "timestamp_lt") or boolean(req, "sort_desc"):
        return NEWEST_FIRST
    if text(req, "timestamp_gt") or boolean(req, "sort_asc"):
        return _OLDEST_FIRST
    return NEWEST_FIRST


def shows(selection: Selection, attribute: str) -> bool:
    """Tell whether a response carries an attribute, or parts of it."""
    if selection.include:
        return any(path.partition(".")[0] == attribute for path in selection.include)
    return attribute not in selection.exclude


def _context_of(req: falcon.Request) -> dict[str, Any]:
    """The context that the header `st2-context` carries."""
    header = req.get_header(_CONTEXT_HEADER)
    if not header:
        return {}
    try:
        return _context.decode(header)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise InvalidInput(f"Header {_CONTEXT_HEADER}: must hold a JSON object.") from None


def _largest_result(req: falcon.Request) -> int | None:
    largest = integer(req, "max_result_size")
    if largest is not None and not 0 < largest <= RESULT_LIMIT:
        raise InvalidInput(f'Parameter "max_result_size" is {largest}; it must lie between 1 and {RESULT_LIMIT} bytes.')
    return largest
