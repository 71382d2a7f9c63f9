"""Running a chain again from one of its tasks: what the new execution takes over from the first one.

The task that is named begins it; results and published variables of what ran before that task are those of the first
execution. With `reset` the task starts from nothing. Without it, a task that is a chain itself and failed goes on
at its own failed task.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from st2lite.models import statuses
from st2lite.models.errors import InvalidInput
from st2lite.models.execution import Execution
from st2lite.storage.contract import Store
from st2lite.workflows.chain import Chain
from st2lite.workflows.definitions import Definitions
from st2lite.workflows.state import ChainState, entry_of, result_of, state_of


@dataclass(frozen=True)
class Inheritance:
    """What a new execution begins with: its first task; the rest see `ChainState` and `ChainResult`."""

    task: str
    vars: dict[str, Any]
    published: list[tuple[int, dict[str, Any]]]
    tasks: list[msgspec.Raw]
    redo: dict[str, Any]


class ReRuns:
    """Checks such requests when they are made, and finds what is taken over when the new execution begins."""

    def __init__(self, store: Store, definitions: Definitions) -> None:
        self._store = store
        self._definitions = definitions

    def check(self, execution: Execution, tasks: Sequence[str]) -> None:
        """Raise `InvalidInput` unless an execution can be run again from `tasks`."""
        state = self._state_of(execution)
        if len(tasks) != 1:
            raise InvalidInput(
                f"tasks: a chain is run again from one task on, in its order; name one of {', '.join(tasks)}."
            )
        names = self._definitions.get(state.definition).names
        if tasks[0] not in names:
            raise InvalidInput(
                f'tasks: "{tasks[0]}" is not a task of "{execution.action_ref}"; it has {", ".join(names)}.'
            )

    def inherit(self, request: dict[str, Any], chain: Chain) -> Inheritance:
        """Return what the execution with this `re-run` in its context takes over, `chain` being the file of today."""
        named = request["tasks"]
        if not isinstance(named, list) or len(named) != 1 or not isinstance(named[0], str):
            raise InvalidInput("context.re-run.tasks: must be a list of the name of one task.")
        task = named[0]
        first = self._store.get(Execution, str(request.get("ref", "")))
        if first is None:
            raise InvalidInput(f'Execution "{request.get("ref")}", which is to be run again, exists no more.')
        if chain.task(task) is None:
            raise InvalidInput(f'The chain file has no task "{task}" any more; it has {", ".join(chain.names)}.')
        state = self._state_of(first)
        written = self._definitions.get(state.definition).vars
        entries = result_of(first).tasks
        names = [entry_of(raw).name for raw in entries]
        until = len(names) - 1 - names[::-1].index(task) if task in names else len(names)
        again = entries[until : until + 1] if task not in (request.get("reset") or ()) else []
        return Inheritance(
            task,
            # Whoever mends a variable in the file and tries again wants the new value; the others keep theirs.
            {name: value for name, value in state.vars.items() if chain.vars.get(name) == written.get(name)},
            [(position, values) for position, values in state.published if position < until],
            entries[:until],
            self._continuation(again[0]) if again else {},
        )

    def _continuation(self, entry: msgspec.Raw) -> dict[str, Any]:
        """The `re-run` with which a task that is a chain goes on where it failed; empty for any other task."""
        child = self._store.get(Execution, entry_of(entry).execution_id or "")
        state = state_of(child) if child is not None else None
        if child is None or state is None or child.status == statuses.SUCCEEDED:
            return {}
        return {"ref": child.id, "tasks": [state.task], "reset": []}

    @staticmethod
    def _state_of(execution: Execution) -> ChainState:
        state = state_of(execution)
        if state is None:
            raise InvalidInput(
                f'tasks: only an action chain that has begun can be run again in part; "{execution.action_ref}" '
                f'(runner "{execution.runner_name}") is not one. Leave tasks out to run all of it.'
            )
        if execution.status not in statuses.COMPLETED:
            raise InvalidInput(f'tasks: execution "{execution.id}" is still "{execution.status}"; let it end first.')
        return state
