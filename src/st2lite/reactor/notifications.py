"""Notifications: what the notify blocks of an action or a request ask for when an execution ends."""

from __future__ import annotations

import logging
from typing import Any

import msgspec

from st2lite.executions.queries import with_result
from st2lite.executions.snapshots import Snapshots
from st2lite.executions.views import ExecutionViews
from st2lite.models import statuses
from st2lite.models.action import NOTIFY_EVENTS
from st2lite.models.errors import RenderError
from st2lite.models.execution import Execution
from st2lite.models.ids import derived_id
from st2lite.models.timestamps import with_offset
from st2lite.models.trigger import NOTIFY_TRIGGER
from st2lite.reactor.action_triggers import caused_by, shown_result
from st2lite.reactor.dispatch import Dispatcher
from st2lite.rendering.crypto import KEY_RING, KeyRing
from st2lite.rendering.datastore import Reader
from st2lite.rendering.environment import contains_template, render_value
from st2lite.storage.contract import Store

logger = logging.getLogger(__name__)

_COMPLETE, _SUCCESS, _FAILURE = NOTIFY_EVENTS
_SUFFIXES = {_COMPLETE: "completed", _SUCCESS: "succeeded", _FAILURE: "failed"}
_EVENTS = {
    statuses.SUCCEEDED: (_COMPLETE, _SUCCESS),
    statuses.FAILED: (_COMPLETE, _FAILURE),
    statuses.TIMEOUT: (_COMPLETE, _FAILURE),
    statuses.ABANDONED: (_COMPLETE, _FAILURE),
    statuses.CANCELED: (_COMPLETE,),
}


class Notifications:
    """Emits `core.st2.generic.notifytrigger`, once per route of each notify block that applies."""

    def __init__(
        self,
        store: Store,
        dispatcher: Dispatcher,
        snapshots: Snapshots,
        views: ExecutionViews,
        keyring: KeyRing | None,
    ) -> None:
        self._store = store
        self._dispatcher = dispatcher
        self._snapshots = snapshots
        self._views = views
        self._keyring = keyring

    def emit(self, execution: Execution) -> None:
        """Emit the notifications of an execution that has ended; once, however often this is called."""
        # The notify block of an action counts, and that of a request only if the action has none.
        blocks = self._snapshots.origin_to_show(execution).action.notify or execution.notify
        if not blocks:
            return
        for event in _EVENTS.get(execution.status, ()):
            block = blocks.get(event) or {}
            routes = _routes(block)
            if routes:
                self._notify(with_result(self._store, execution), event, block, routes)

    def _notify(self, execution: Execution, event: str, block: dict[str, Any], routes: list[str]) -> None:
        message, data = self._rendered(execution, event, block)
        payload = {
            "execution_id": execution.id,
            "status": execution.status,
            "start_timestamp": with_offset(execution.start_timestamp),
            "end_timestamp": with_offset(execution.end_timestamp or execution.start_timestamp),
            "action_ref": execution.action_ref,
            "runner_ref": execution.runner_name,
            "message": message,
            "data": {**data, "result": msgspec.json.encode(shown_result(execution, self._views)).decode()},
        }
        for route in routes:
            self._dispatcher.dispatch_type(
                NOTIFY_TRIGGER,
                {**payload, "route": route, "channel": route},
                trace_context=execution.trace,
                caused_by=caused_by(execution),
                identifier=derived_id(execution.id, NOTIFY_TRIGGER, event, route),
            )

    def _rendered(self, execution: Execution, event: str, block: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Message and data. What cannot be rendered is sent as it was written: a late word is better than none."""
        message = block.get("message") or f"Action {execution.action_ref} {_SUFFIXES[event]}."
        data = block.get("data") if isinstance(block.get("data"), dict) else {}
        if not contains_template([message, data]):
            return str(message), dict(data or {})
        variables = self._variables(execution)
        rendered = []
        for name, value in (("message", message), ("data", data)):
            try:
                rendered.append(render_value(value, variables))
            except RenderError as error:
                logger.warning("Notification of execution %s, %s: %s", execution.id, name, error.message)
                rendered.append(value)
        return str(rendered[0]), rendered[1]

    def _variables(self, execution: Execution) -> dict[str, Any]:
        return {
            KEY_RING: self._keyring,
            "st2kv": {"system": Reader(self._store, "").lookups()["system"]},
            "action_parameters": execution.parameters,
            "action_context": execution.context,
            "action_results": msgspec.json.decode(execution.result) if execution.result else {},
        }


def _routes(block: dict[str, Any]) -> list[str]:
    """Routes of a block, each once; `channels` is their older name."""
    given = block.get("routes") or block.get("channels") or []
    named = given if isinstance(given, list) else [given]
    return list(dict.fromkeys(str(route) for route in named if route is not None))
