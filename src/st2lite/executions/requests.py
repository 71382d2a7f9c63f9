"""Requesting an execution: find the action, check and render what was supplied, write ONE document, publish ONE job."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Protocol

import msgspec

from st2lite.executions.events import announce_delay, announce_end, dispatch
from st2lite.executions.snapshots import Snapshots
from st2lite.executions.traces import trace_to_join
from st2lite.executions.transitions import change_status, set_result
from st2lite.messaging.contract import Bus
from st2lite.models import statuses, timestamps
from st2lite.models.action import NOTIFY_EVENTS, Action, RunnerType
from st2lite.models.errors import Conflict, InvalidInput, RenderError
from st2lite.models.execution import Execution, LogEntry
from st2lite.models.ids import new_id
from st2lite.models.trace import TraceContext
from st2lite.rendering.crypto import KeyRing
from st2lite.rendering.parameters import prepare_request
from st2lite.rendering.scope import RenderScope
from st2lite.storage.contract import Equal, Store, find_one

logger = logging.getLogger(__name__)

LONGEST_DELAY = 366 * 24 * 3600 * 1000
"""Milliseconds: a year."""

LARGEST_REQUEST = 14 * 1024 * 1024
"""Bytes of JSON of parameters and context: a MongoDB document holds 16 MiB, and the execution grows while it runs."""


@dataclass(frozen=True)
class Cause:
    """What made the suite request an execution: snapshots of rule, trigger, its type and its instance (see views)."""

    rule: dict[str, Any] | None = None
    trigger: dict[str, Any] | None = None
    trigger_type: dict[str, Any] | None = None
    trigger_instance: dict[str, Any] | None = None


LoadConfig = Callable[[str, str], dict[str, Any]]
"""(pack, user) -> the pack's configuration with dynamic values resolved for that user."""


class NearWorker(Protocol):
    """A worker in the process of those who request (see `worker.ExecutionWorker`)."""

    def begin(self, execution: Execution, insert: Callable[[Execution], Execution | None]) -> Execution | None: ...


class Requests:
    """Creates executions. Safe to use from many threads."""

    def __init__(
        self, store: Store, bus: Bus, snapshots: Snapshots, keyring: KeyRing | None, load_config: LoadConfig
    ) -> None:
        self._store = store
        self._bus = bus
        self._snapshots = snapshots
        self._keyring = keyring
        self._load_config = load_config

    def request(
        self,
        ref: str,
        parameters: dict[str, Any],
        user: str,
        context: dict[str, Any] | None = None,
        notify: dict[str, Any] | None = None,
        delay: int = 0,
        callback: dict[str, Any] | None = None,
        cause: Cause | None = None,
        identifier: str | None = None,
        trace: TraceContext | None = None,
        variables: Mapping[str, Any] | None = None,
        worker: NearWorker | None = None,
    ) -> Execution:
        """Accept an execution and hand it to the workers; it is stored durably when this returns.

        `delay` is in milliseconds. With an `identifier` (see `derived_id`) the request may be repeated: if there is an
        execution with that id already, it is returned and nothing else is done. The trace is the given one, else what
        `trace_to_join` makes of the context; requests with a cause or an identifier are the suite's own, and a trace
        that they name is not looked up. `variables` are what templates in the parameters can refer to besides the
        usual, such as the `trigger` of a rule. A `worker` of this process runs the execution at once if it can, which
        saves a message and a write. Raises `InvalidInput` (nothing stored) for an unknown or disabled
        action, or for parameters that do not fit; `RenderError` when a template in them fails: then a failed execution
        records that.
        """
        action, runner = self._definition(ref)
        context = check_context(context)
        check_notify(notify)
        if not 0 <= delay <= LONGEST_DELAY:
            raise InvalidInput(f"delay: {delay} must lie between 0 and {LONGEST_DELAY} milliseconds, or be left out.")
        execution = self._new(action, runner, {**context, "user": user, "pack": action.pack}, identifier)
        own = cause is not None or identifier is not None
        if trace is None and not (own and (context.get("trace_context") or {}).get("id_")):
            trace = trace_to_join(self._store, context, execution.id)
        if trace is not None:
            execution.context["trace_context"] = trace
        if cause is not None:
            execution.rule, execution.trigger = cause.rule, cause.trigger
            execution.trigger_type, execution.trigger_instance = cause.trigger_type, cause.trigger_instance
        execution.notify = notify or {}
        execution.callback = callback or {}
        execution.delay = delay
        execution.parameters = self._checked(action, runner, parameters, execution, variables)
        _check_size(execution)
        if delay:
            due = datetime.now(timezone.utc) + timedelta(milliseconds=delay)
            execution.due = timestamps.format_timestamp(due)
        if worker is not None and not delay:
            begun = worker.begin(execution, self._insert)
            if begun is not None:
                return begun
        known = self._insert(execution)
        if known is not None:
            return known
        if delay:
            announce_delay(self._bus, execution)
        else:
            dispatch(self._bus, execution, created=True)
        return execution

    def _definition(self, ref: str) -> tuple[Action, RunnerType]:
        action = find_one(self._store, Action, Equal("ref", ref))
        if action is None:
            raise InvalidInput(f'Action "{ref}" cannot be found.')
        if not action.enabled:
            raise InvalidInput(f'Unable to execute. Action "{ref}" is disabled.')
        runner = find_one(self._store, RunnerType, Equal("name", action.runner_type))
        if runner is None:
            raise InvalidInput(f'Action "{ref}" needs the runner "{action.runner_type}", which is not registered.')
        if not runner.enabled:
            raise InvalidInput(f'Unable to execute. Runner "{action.runner_type}" of action "{ref}" is disabled.')
        return action, runner

    def _insert(self, execution: Execution) -> Execution | None:
        """Store a new execution; return the one that has its id already, if there is one."""
        try:
            self._store.insert(execution)
        except Conflict:
            known = self._store.get(Execution, execution.id)
            if known is None:
                raise
            return known
        return None

    def _new(
        self, action: Action, runner: RunnerType, context: dict[str, Any], identifier: str | None = None
    ) -> Execution:
        moment = timestamps.now()
        return Execution(
            id=identifier or new_id(),
            liveaction_id=new_id(),
            action_ref=action.ref,
            action_snapshot=self._snapshots.keep_action(action),
            runner_name=runner.name,
            runner_snapshot=self._snapshots.keep_runner(runner),
            start_timestamp=moment,
            log=[LogEntry(moment, statuses.REQUESTED)],
            context=context,
            parent=(context.get("parent") or {}).get("execution_id"),
        )

    def _checked(
        self,
        action: Action,
        runner: RunnerType,
        parameters: dict[str, Any],
        execution: Execution,
        variables: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        user = execution.context["user"]

        def load_config() -> dict[str, Any]:
            return self._load_config(action.pack, user)

        scope = RenderScope(self._store, self._keyring, user, execution.context, load_config, variables)
        try:
            return prepare_request(action, runner, parameters, scope)
        except RenderError as error:
            execution.parameters = parameters
            set_result(execution, {"error": error.message})
            change_status(execution, statuses.FAILED)
            if self._insert(execution) is None:
                announce_end(self._bus, execution)
            raise


def _check_size(execution: Execution) -> None:
    """Raise `InvalidInput` for what a store would still take now, but not when the execution has grown by running."""
    kept = (execution.parameters, execution.context, execution.notify, execution.callback)
    size = len(msgspec.json.encode(kept))
    if size > LARGEST_REQUEST:
        raise InvalidInput(
            f"parameters: with context and notify they have {size} bytes; the most that is kept is {LARGEST_REQUEST}. "
            "Write large data to a file, and give its name."
        )


def check_context(context: dict[str, Any] | None) -> dict[str, Any]:
    """Return the context a caller gave for an execution; raise `InvalidInput` when it has not the right shape."""
    if not context:
        return {}
    if not isinstance(context, dict):
        raise InvalidInput("context: must be an object.")
    parent = context.get("parent")
    if parent and not (isinstance(parent, dict) and isinstance(parent.get("execution_id", ""), str)):
        raise InvalidInput('context.parent: must be an object like {"execution_id": "<id>"}.')
    trace = context.get("trace_context")
    if trace and not isinstance(trace, dict):
        raise InvalidInput('context.trace_context: must be an object like {"trace_tag": "<text>"}.')
    for name in ("id_", "trace_tag"):
        if trace and not isinstance(trace.get(name) or "", str):
            raise InvalidInput(f"context.trace_context.{name}: must be text.")
    return context


def check_notify(notify: dict[str, Any] | None) -> None:
    """Raise `InvalidInput` unless this is a notify block: on-complete, on-success, on-failure, each an object."""
    if not notify:
        return
    if not isinstance(notify, dict):
        raise InvalidInput("notify: must be an object.")
    for event, block in notify.items():
        if event not in NOTIFY_EVENTS:
            raise InvalidInput(f'notify: "{event}" is not one of {", ".join(NOTIFY_EVENTS)}.')
        if not isinstance(block, dict):
            raise InvalidInput(f"notify.{event}: must be an object.")
