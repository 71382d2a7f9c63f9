"""The executions of a chain's tasks: requesting them, and passing on to them what happens to the chain."""

from __future__ import annotations

import logging
from collections.abc import Callable

from st2lite.executions import events
from st2lite.executions.requests import NearWorker
from st2lite.executions.service import ExecutionService
from st2lite.executions.snapshots import Snapshots
from st2lite.executions.transitions import change_status
from st2lite.messaging.contract import Bus
from st2lite.models import statuses
from st2lite.models.action import WORKFLOW_RUNNERS, Action
from st2lite.models.errors import IllegalTransition, InvalidInput, NotFound, RenderError, StaleWrite
from st2lite.models.execution import Execution
from st2lite.storage.contract import Equal, Store, find_one
from st2lite.workflows.chain import Task
from st2lite.workflows.scope import ChainScope, parent_context
from st2lite.workflows.state import ChainState

logger = logging.getLogger(__name__)

MOST_LEVELS = 50
"""Chains within each other. One that runs itself would do so without end, and the context grows with each level."""


class TaskRefused(InvalidInput):
    """The action of a task does not accept what the task gives it: the task has failed."""


class ChainBroken(InvalidInput):
    """A task cannot even be put together, or its action does not exist: the chain has failed."""


class Children:
    """Requests and controls the executions of tasks. Safe to use from many threads.

    `worker` may be set to a worker in this process: it runs tasks as long as it has room.
    """

    def __init__(self, store: Store, bus: Bus, executions: ExecutionService, snapshots: Snapshots) -> None:
        self.worker: NearWorker | None = None
        self._store = store
        self._bus = bus
        self._executions = executions
        self._snapshots = snapshots

    def request(self, parent: Execution, state: ChainState, task: Task, scope: ChainScope) -> None:
        """Request the child that the state names, unless somebody has; raise `TaskRefused` or `ChainBroken`."""
        if _levels(parent) >= MOST_LEVELS:
            raise ChainBroken(
                f'Failed to run task "{task.name}". Chains are {MOST_LEVELS} deep within each other here: does one of '
                "them run itself?"
            )
        try:
            parameters = scope.parameters(task.parameters) if task.parameters else {}
        except RenderError as error:
            raise ChainBroken(
                f'Failed to run task "{task.name}". Parameter rendering failed. {error.message}'
            ) from None
        context = {"parent": parent_context(parent), "chain": _shown(task)}
        if state.redo:
            context["re-run"] = state.redo
        user = str(parent.context.get("user", ""))
        notify = {} if task.name in state.skip_notify else task.notify or self._notify_of(parent)
        try:
            self._executions.request(
                task.ref,
                parameters,
                user,
                context,
                notify,
                identifier=state.child,
                trace=parent.trace,
                worker=self.worker,
            )
        except RenderError:
            pass  # the failed execution that records this is the child
        except (InvalidInput, NotFound) as error:
            if find_one(self._store, Action, Equal("ref", task.ref)) is None:
                raise ChainBroken(
                    f'Failed to run task "{task.name}". Action with reference "{task.ref}" doesn\'t exist.'
                ) from None
            raise TaskRefused(f'Failed running task "{task.name}". {error.message}') from None

    def pause(self, child: Execution, parent: Execution) -> None:
        """Pause a child that is a workflow; anything else comes to its end."""
        if child.runner_name in WORKFLOW_RUNNERS and child.status == statuses.RUNNING:
            self._command(self._executions.pause, child, parent, "paused_by")

    def resume(self, child: Execution, parent: Execution) -> None:
        """Resume a child that is paused."""
        self._command(self._executions.resume, child, parent, "resumed_by")

    def cancel(self, child: Execution, parent: Execution) -> None:
        """Cancel a child that has not begun, waits for an answer or is a workflow; an action comes to its end."""
        if child.status == statuses.PENDING:
            change_status(child, statuses.CANCELED)
            try:
                self._store.replace(child)
            except StaleWrite:
                return  # answered this very moment: its end is on its way
            events.announce_end(self._bus, child)
        elif child.runner_name in WORKFLOW_RUNNERS or child.status in (statuses.REQUESTED, statuses.DELAYED):
            self._command(self._executions.cancel, child, parent, "cancelled_by")

    def _notify_of(self, parent: Execution) -> dict[str, object]:
        return self._snapshots.origin(parent).action.notify or parent.notify

    @staticmethod
    def _command(command: Callable[[Execution, str], Execution], child: Execution, parent: Execution, by: str) -> None:
        try:
            command(child, str(parent.context.get(by) or parent.context.get("user", "")))
        except IllegalTransition as error:
            logger.info("Child %s of chain %s: %s", child.id, parent.id, error.message)


def _levels(execution: Execution) -> int:
    """How many executions an execution is within, itself included."""
    count, context = 1, execution.context
    while isinstance(parent := context.get("parent"), dict):
        count, context = count + 1, parent
    return count


def _shown(task: Task) -> dict[str, object]:
    """A task as the context of its execution shows it."""
    return {
        "name": task.name,
        "ref": task.ref,
        "parameters": task.parameters,
        "on_success": task.on_success,
        "on_failure": task.on_failure,
        "publish": task.publish,
        "notify": task.notify,
    }
