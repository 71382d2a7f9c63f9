"""The trigger that tells of the end of an execution, for rules that follow actions."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from st2lite.executions.queries import with_result
from st2lite.executions.views import ExecutionViews
from st2lite.models.execution import Execution
from st2lite.models.ids import derived_id
from st2lite.models.nesting import MOST_LEVELS, is_deeper, may_be_deeper
from st2lite.models.timestamps import to_datetime
from st2lite.models.trigger import ACTION_TRIGGER
from st2lite.reactor.dispatch import Dispatcher
from st2lite.reactor.listeners import Listeners
from st2lite.storage.contract import Store

LARGEST_RESULT = 6 * 1024 * 1024
"""Bytes of JSON; larger results do not fit into the payload of a trigger, least of all as text."""


_TOO_DEEP = {"error": f"The result is nested more than {MOST_LEVELS} levels deep: read it from the execution."}


class ActionTriggers:
    """Emits `core.st2.generic.actiontrigger` for executions that end with one of `statuses`, if a rule listens."""

    def __init__(
        self,
        store: Store,
        dispatcher: Dispatcher,
        listeners: Listeners,
        views: ExecutionViews,
        statuses: Collection[str],
    ) -> None:
        self._store = store
        self._dispatcher = dispatcher
        self._listeners = listeners
        self._views = views
        self._statuses = frozenset(statuses)

    def emit(self, execution: Execution) -> None:
        """Emit the trigger of an execution that has ended; once, however often this is called."""
        if execution.status not in self._statuses or not self._listeners.any(ACTION_TRIGGER):
            return
        payload = {
            "execution_id": execution.id,
            "status": execution.status,
            "start_timestamp": str(to_datetime(execution.start_timestamp)),
            "action_name": execution.action_ref,
            "action_ref": execution.action_ref,
            "runner_ref": execution.runner_name,
            "parameters": self._views.execution(execution, include=("parameters",)).get("parameters", {}),
            "result": shown_result(with_result(self._store, execution), self._views),
        }
        self._dispatcher.dispatch_type(
            ACTION_TRIGGER,
            payload,
            trace_context=execution.trace,
            caused_by=caused_by(execution),
            identifier=derived_id(execution.id, ACTION_TRIGGER),
        )


def caused_by(execution: Execution) -> dict[str, str]:
    """How a trigger instance names the execution that is behind it."""
    return {"type": "action_execution", "id": execution.id}


def shown_result(execution: Execution, views: ExecutionViews) -> Any:
    """Result for the payload of a trigger, secrets masked; one too large or nested too deep is replaced by words."""
    if execution.result_size > LARGEST_RESULT:
        return {"error": f"The result has {execution.result_size} bytes: read it from the execution."}
    try:
        result = views.execution(execution, include=("result",)).get("result", {})
        if isinstance(result, msgspec.Raw):
            result = msgspec.json.decode(result)
    except RecursionError:
        return _TOO_DEEP
    deep = may_be_deeper(bytes(execution.result), MOST_LEVELS) and is_deeper(result, MOST_LEVELS)
    return _TOO_DEEP if deep else result
