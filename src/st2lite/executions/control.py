"""Canceling, pausing, resuming and updating executions, and running them again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from st2lite.executions import events, task_entries
from st2lite.executions.requests import Requests
from st2lite.executions.transitions import change_status, set_result
from st2lite.messaging.contract import Bus
from st2lite.models import statuses
from st2lite.models.action import WORKFLOW_RUNNERS
from st2lite.models.errors import IllegalTransition, InvalidInput, NotFound, StaleWrite
from st2lite.models.execution import Execution
from st2lite.storage.contract import Equal, Store

_SETTABLE = frozenset({statuses.CANCELING, statuses.CANCELED, statuses.PAUSING, statuses.PAUSED, statuses.RESUMING})


CheckTasks = Callable[[Execution, Sequence[str]], None]
"""Raises `InvalidInput` unless a workflow can be run again from these tasks."""

_parts = msgspec.json.Decoder(dict[str, msgspec.Raw])
_tasks = msgspec.json.Decoder(list[msgspec.Raw])


class Control:
    """What a user may do to an execution after requesting it. Safe to use from many threads.

    `check_tasks` knows the tasks of workflows; without it none is run again in part.
    """

    def __init__(self, store: Store, bus: Bus, requests: Requests, check_tasks: CheckTasks | None = None) -> None:
        self._store = store
        self._bus = bus
        self._requests = requests
        self._check_tasks = check_tasks

    def cancel(self, execution: Execution, user: str) -> Execution:
        """Cancel an execution: at once where no worker holds it, else by asking the worker (`canceling`).

        A canceled one is returned as it is; raises `IllegalTransition` for any other that cannot be canceled.
        """

        def change(current: Execution) -> None:
            if current.status not in statuses.CANCELABLE:
                raise IllegalTransition(f"Action cannot be canceled. State = {current.status}.")
            held = current.status in statuses.ON_A_WORKER
            change_status(current, statuses.CANCELING if held else statuses.CANCELED)
            set_result(current, {**_result_so_far(current), "message": "Action canceled by user.", "user": user})
            current.context = {**current.context, "cancelled_by": user}

        if execution.status == statuses.CANCELED:
            return execution
        try:
            execution = self._apply(execution, change)
        except IllegalTransition:
            fresh = self._store.get(Execution, execution.id)
            if fresh is None or fresh.status != statuses.CANCELED:
                raise
            return fresh  # somebody was quicker
        if execution.status == statuses.CANCELING:
            events.announce_change(self._bus, execution)
            events.control(self._bus, execution, "cancel")
        else:
            events.announce_end(self._bus, execution)
            if execution.workflow:  # a child of it may be paused, too, or wait for an answer
                events.control(self._bus, execution, "cancel")
        return execution

    def pause(self, execution: Execution, user: str) -> Execution:
        """Ask a running workflow to pause; one that is pausing or paused already is returned as it is."""
        self._require_workflow(execution, "paused")
        if execution.status in (statuses.PAUSING, statuses.PAUSED):
            return execution
        if execution.status != statuses.RUNNING:
            raise IllegalTransition(f'Execution "{execution.id}" is not running: it is "{execution.status}".')
        return self._command(execution, "pause", statuses.PAUSING, {"paused_by": user})

    def resume(self, execution: Execution, user: str) -> Execution:
        """Ask a paused workflow to go on; one that is running or resuming already is returned as it is."""
        self._require_workflow(execution, "resumed")
        if execution.status in (statuses.RUNNING, statuses.RESUMING):
            return execution
        if execution.status != statuses.PAUSED:
            raise IllegalTransition(f'Execution "{execution.id}" is not paused: it is "{execution.status}".')
        return self._command(execution, "resume", statuses.RESUMING, {"resumed_by": user})

    def update(self, execution: Execution, status: str | None, result: Any, user: str) -> Execution:
        """Set status, result or both, as a client of `PUT /executions/{id}` asks."""
        if status is not None and status not in statuses.ALL:
            raise InvalidInput(f'status: "{status}" is not one of {", ".join(statuses.ALL)}.')
        if execution.status in statuses.COMPLETED:
            raise InvalidInput("Execution is already in completed state.")
        if status in _SETTABLE and result is not None:
            raise InvalidInput(f'result: cannot be given together with status "{status}".')
        if status in (statuses.CANCELING, statuses.CANCELED):
            if execution.status == statuses.CANCELING:
                return self._finish_if(execution, status, statuses.CANCELED)
            return self.cancel(execution, user)
        if status in (statuses.PAUSING, statuses.PAUSED):
            if execution.status == statuses.PAUSING:
                self._require_workflow(execution, "paused")
                return self._finish_if(execution, status, statuses.PAUSED)
            return self.pause(execution, user)
        if status == statuses.RESUMING:
            return self.resume(execution, user)
        return self._write(execution, status, result)

    def re_run(
        self,
        execution: Execution,
        parameters: dict[str, Any],
        user: str,
        tasks: list[str] | None = None,
        reset: list[str] | None = None,
        delay: int = 0,
    ) -> Execution:
        """Run the same action again, with the original parameters under the given ones.

        `tasks` names the task from which a workflow is run again; what is not in `reset` keeps what it achieved.
        """
        tasks, reset = tasks or [], reset or []
        if parameters and (tasks or reset):
            raise InvalidInput("parameters: cannot be given together with tasks or reset.")
        unknown = sorted(set(reset) - set(tasks))
        if unknown:
            raise InvalidInput(f"reset: {', '.join(unknown)} must be among tasks.")
        again: dict[str, Any] = {"ref": execution.id}
        if tasks:
            if execution.runner_name not in WORKFLOW_RUNNERS or self._check_tasks is None:
                raise InvalidInput(
                    f'tasks: only workflows can be run again in part; "{execution.action_ref}" is not one.'
                )
            self._check_tasks(execution, tasks)
            again |= {"tasks": tasks, "reset": reset}
        return self._requests.request(
            execution.action_ref,
            {**execution.parameters, **parameters},
            user,
            {"re-run": again},
            execution.notify,
            delay,
            trace=execution.trace,
        )

    def delete(self, execution: Execution) -> None:
        """Remove a completed execution."""
        if execution.status not in statuses.COMPLETED:
            raise IllegalTransition(f'Execution "{execution.id}" is "{execution.status}": cancel it first.')
        if self._store.delete(Execution, execution.id):
            events.announce_deletion(self._bus, execution)

    def _write(self, execution: Execution, status: str | None, result: Any) -> Execution:
        def change(current: Execution) -> None:
            if status is not None and status != current.status:
                change_status(current, status)
            if result is not None:
                set_result(current, result)

        execution = self._apply(execution, change)
        if execution.status in statuses.COMPLETED:
            events.announce_end(self._bus, execution)
            events.control(self._bus, execution, "cancel")
        else:
            events.announce_change(self._bus, execution)
        return execution

    def _command(self, execution: Execution, command: str, status: str, context: dict[str, Any]) -> Execution:
        def change(current: Execution) -> None:
            change_status(current, status)
            current.context = {**current.context, **context}

        execution = self._apply(execution, change)
        events.announce_change(self._bus, execution)
        events.control(self._bus, execution, command)
        return execution

    def _finish_if(self, execution: Execution, wanted: str, final: str) -> Execution:
        """Complete a canceling or pausing execution when that is wanted and no child is active any more."""
        if wanted != final or self._active_children(execution):
            return execution
        return self._write(execution, final, None)

    def _active_children(self, execution: Execution) -> bool:
        children = self._store.find(Execution, (Equal("parent", execution.id),), large=False)
        return any(child.status not in statuses.COMPLETED for child in children)

    def _apply(self, execution: Execution, change: Callable[[Execution], None]) -> Execution:
        """Change the newest revision by compare-and-swap; whoever was faster is heard first."""
        while True:
            change(execution)
            try:
                self._store.replace(execution)
            except StaleWrite:
                fresh = self._store.get(Execution, execution.id)
                if fresh is None:
                    raise NotFound(f'Unable to identify resource with id "{execution.id}".') from None
                execution = fresh
            else:
                return execution

    @staticmethod
    def _require_workflow(execution: Execution, verb: str) -> None:
        if execution.runner_name not in WORKFLOW_RUNNERS:
            raise InvalidInput(
                f'Execution "{execution.id}" cannot be {verb}: only workflows can, and its runner is '
                f'"{execution.runner_name}".'
            )


def _result_so_far(execution: Execution) -> dict[str, msgspec.Raw]:
    """What a workflow that is canceled has achieved; empty for any other execution."""
    if not execution.workflow or not execution.result:
        return {}
    try:
        parts = _parts.decode(execution.result)
        if "tasks" in parts:
            ended = task_entries.ended(_tasks.decode(parts["tasks"]))
            parts["tasks"] = msgspec.Raw(msgspec.json.encode(ended))
        parts.pop("next", None)
        return parts
    except msgspec.MsgspecError:  # a client has put something else there
        return {}
