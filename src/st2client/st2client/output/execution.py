"""How executions are shown: elapsed times, hidden secrets, and the tree of a workflow's tasks."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from st2client.models.action import Execution
from st2client.output.attributes import get_value
from st2client.output.printer import Printer
from st2client.output.table import Transforms
from st2client.output.timestamps import to_unix

#: An execution in one of these goes no further.
COMPLETED = frozenset(("succeeded", "failed", "timeout", "canceled", "abandoned"))

#: Runners whose executions have children.
WORKFLOW_RUNNERS = frozenset(("action-chain", "orquesta", "mistral-v2"))

#: Shown when an execution is shown.
DISPLAYED = (
    "id",
    "action.ref",
    "context.user",
    "parameters",
    "status",
    "start_timestamp",
    "end_timestamp",
    "result",
)

_SECRET_PARAMETERS = ("password", "private_key")
_MASK = "********"


def transforms(printer: Printer) -> Transforms:
    """How attributes of executions look in tables."""
    return {
        "start_timestamp": printer.time,
        "end_timestamp": printer.time,
        "parameters": mask_parameters,
        "status": printer.status,
        "log": lambda value: _times_of_log(value, printer),
    }


def mask_parameters(value: Any) -> Any:
    """Parameters with passwords and private keys hidden, whatever the server did about them."""
    if not isinstance(value, dict):
        return value
    return {name: _MASK if name in _SECRET_PARAMETERS else item for name, item in value.items()}


def with_elapsed(execution: Any) -> Any:
    """Add how long it runs, or ran, to the status of an execution."""
    status = getattr(execution, "status", None)
    start, end = getattr(execution, "start_timestamp", None), getattr(execution, "end_timestamp", None)
    try:
        if status == "running" and start:
            execution.status = f"{status} ({int(time.time()) - to_unix(start)}s elapsed)"
        elif status in COMPLETED and start and end:
            execution.status = f"{status} ({to_unix(end) - to_unix(start)}s elapsed)"
    except ValueError:
        pass  # a time that cannot be read only costs the suffix
    return execution


def mark_workflows(executions: Sequence[Any]) -> None:
    """Put ``+`` before the ids of executions that have children, if any has."""
    if any(getattr(execution, "children", None) for execution in executions):
        for execution in executions:
            execution.id = ("+ " if getattr(execution, "children", None) else "  ") + execution.id


def is_workflow(execution: Any) -> bool:
    """Whether an execution is one of a workflow."""
    action = getattr(execution, "action", None)
    return isinstance(action, dict) and action.get("runner_type") in WORKFLOW_RUNNERS


def task_rows(children: Sequence[Any], root_id: str, plain: bool = False) -> list[Execution]:
    """The executions below a workflow's as rows ``id, status, task, action, start_timestamp``.

    Ids are indented by how deep below the root an execution is; ``children`` come depth first from the server.
    :param plain: for programs: ids and statuses as they are.
    """
    parents = {child.id: getattr(child, "parent", None) for child in children}
    depths = {child.id: _depth(child.id, parents, root_id) for child in children}
    ids = [child.id for child in children]
    if not plain:
        mark_workflows(children)
    rows = []
    for child, child_id in zip(children, ids, strict=True):
        document = vars(child)
        action = document.get("action")
        rows.append(
            Execution(
                id=child.id if plain else " " * depths[child_id] + child.id,
                status=document.get("status"),
                task=get_value(document, "context.orquesta.task_name")
                or get_value(document, "context.chain.name")
                or get_value(document, "context.mistral.task_name"),
                action=action.get("ref") if isinstance(action, dict) else action,
                start_timestamp=document.get("start_timestamp"),
                end_timestamp=document.get("end_timestamp"),
            )
        )
    return rows if plain else [with_elapsed(row) for row in rows]


def _depth(child_id: str, parents: dict[str, Any], root_id: str) -> int:
    depth, parent = 0, parents[child_id]
    while parent != root_id and parent in parents and depth < len(parents):
        depth, parent = depth + 1, parents[parent]
    return depth


def _times_of_log(value: Any, printer: Printer) -> Any:
    if not isinstance(value, list):
        return value
    return [{**item, "timestamp": printer.time(item.get("timestamp"))} for item in value if isinstance(item, dict)]
