"""What a chain remembers between two tasks, and the result that grows with each of them."""

from __future__ import annotations

from typing import Any

import msgspec

from st2lite.executions import task_entries
from st2lite.executions.transitions import encode_result
from st2lite.models import statuses
from st2lite.models.errors import InvalidInput
from st2lite.models.execution import RESULT_LIMIT, Execution
from st2lite.models.ids import derived_id
from st2lite.models.timestamps import with_offset

ACTION_CHAIN = "action-chain"
"""The runner type of chains."""


class ChainState(msgspec.Struct, omit_defaults=True):
    """Kept in `Execution.workflow` while a chain runs, and after it for whoever runs it again.

    `definition` is the id of the chain (see `definitions`), `vars` are its rendered vars; `published` holds what tasks
    published, each with the position of the task in the result. `task` is the task that runs now or next, the
    `number`-th one; `child` is the id of its execution, known before that execution is requested. `waits` marks a chain
    that is paused because a question within it waits for an answer, and not by a user. `redo` is the execution that
    the child goes on with.
    """

    definition: str
    task: str
    number: int
    child: str
    vars: dict[str, Any] = {}
    published: list[tuple[int, dict[str, Any]]] = []
    waits: bool = False
    skip_notify: list[str] = []
    display_published: bool = True
    redo: dict[str, Any] = {}

    @property
    def all_published(self) -> dict[str, Any]:
        """What tasks published: later values over earlier ones. The output of the chain."""
        return {name: value for _position, values in self.published for name, value in values.items()}

    @property
    def variables(self) -> dict[str, Any]:
        """Vars as they are now: what was published over what the file says."""
        return {**self.vars, **self.all_published}

    def follow(self, execution: Execution, task: str) -> None:
        """Make `task` the next one."""
        self.number += 1
        self.task, self.child = task, child_id(execution.id, self.number)
        self.waits, self.redo = False, {}


SHOWN_LIMIT = 65_536
"""Bytes of what a task that waits has as its result so far; more is to be seen at its own execution only."""


class ChainResult(msgspec.Struct, omit_defaults=True):
    """Result of a chain: tasks in the order they ended, each the JSON of an entry, and what was published.

    While the chain is paused, the last entry may be that of a task that waits; `next` is one that did not begin yet.
    """

    tasks: list[msgspec.Raw]
    published: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    next: str | msgspec.UnsetType = msgspec.UNSET
    error: str | msgspec.UnsetType = msgspec.UNSET
    traceback: str | msgspec.UnsetType = msgspec.UNSET
    message: str | msgspec.UnsetType = msgspec.UNSET
    user: str | msgspec.UnsetType = msgspec.UNSET


class _Entry(msgspec.Struct):
    name: str
    result: Any = None
    execution_id: str | None = None
    state: str = ""


class TaskEnd(msgspec.Struct):
    """How a task ended: status, timestamps, JSON of the result, ids of its execution (None: it was never requested)."""

    status: str
    created: str
    updated: str
    result: msgspec.Raw
    execution_id: str | None = None
    liveaction_id: str | None = None


_results = msgspec.json.Decoder(ChainResult)
_entries = msgspec.json.Decoder(_Entry)
_EMPTY = msgspec.Raw(b"{}")


def child_id(execution_id: str, number: int) -> str:
    """Identifier of the execution of the `number`-th task of a chain."""
    return derived_id(execution_id, "task", str(number))


def state_of(execution: Execution) -> ChainState | None:
    """The state of a chain's execution; None for one that has not begun, or is none."""
    if execution.runner_name != ACTION_CHAIN or not execution.workflow:
        return None
    return msgspec.convert(execution.workflow, ChainState)


def result_of(execution: Execution) -> ChainResult:
    """What was achieved so far; an empty result where a client has put something else in its place."""
    try:
        result = _results.decode(execution.result)
        result.tasks, result.next = task_entries.ended(result.tasks), msgspec.UNSET
    except msgspec.MsgspecError:
        return ChainResult([])
    return result


def entry_of(raw: msgspec.Raw) -> _Entry:
    """An entry of a result, decoded."""
    return _entries.decode(raw)


def result_to_show(execution: Execution, state: ChainState, child: Execution | None) -> msgspec.Raw:
    """The result of a chain between two tasks. While it is paused with what it waits at: a child, or the next task."""
    result = result_of(execution)
    if execution.status == statuses.PAUSED and child is None:
        result.next = state.task
    elif execution.status == statuses.PAUSED and child is not None:
        sight = end_of(child)
        if len(sight.result) > SHOWN_LIMIT:
            sight.result = _EMPTY
        result.tasks.append(make_entry(state.task, sight))
    return msgspec.Raw(encode_result(result))


def end_of(child: Execution) -> TaskEnd:
    """How a task ended whose execution has."""
    return TaskEnd(
        status=child.status,
        created=child.start_timestamp,
        updated=child.end_timestamp or child.start_timestamp,
        result=child.result or _EMPTY,
        execution_id=child.id,
        liveaction_id=child.liveaction_id,
    )


def make_entry(task: str, end: TaskEnd) -> msgspec.Raw:
    """The entry of a task in the result of its chain."""
    entry = {
        "id": task,
        "name": task,
        "execution_id": end.execution_id,
        "liveaction_id": end.liveaction_id,
        "workflow": None,
        "created_at": with_offset(end.created),
        "updated_at": with_offset(end.updated),
        "state": end.status,
        "result": end.result,
    }
    return msgspec.Raw(msgspec.json.encode(entry))


def keep(state: ChainState, result: ChainResult) -> tuple[dict[str, Any], msgspec.Raw]:
    """Return state and result as an execution keeps them; raise `InvalidInput` when they are too large."""
    encoded = encode_result(result)
    size = len(encoded) + len(msgspec.json.encode(state))
    if size > RESULT_LIMIT:
        raise InvalidInput(
            f"The results and variables of the chain have {size} bytes; the most that is kept is {RESULT_LIMIT}. "
            "Let tasks write large data to files, and publish their names."
        )
    return msgspec.to_builtins(state), msgspec.Raw(encoded)
