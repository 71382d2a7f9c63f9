"""Statuses of an execution and the table of legal transitions."""

from __future__ import annotations

from st2lite.models.errors import IllegalTransition

REQUESTED = "requested"
SCHEDULED = "scheduled"
DELAYED = "delayed"
RUNNING = "running"
SUCCEEDED = "succeeded"
FAILED = "failed"
TIMEOUT = "timeout"
ABANDONED = "abandoned"
CANCELING = "canceling"
CANCELED = "canceled"
PENDING = "pending"
PAUSING = "pausing"
PAUSED = "paused"
RESUMING = "resuming"

ALL = (
    REQUESTED, SCHEDULED, DELAYED, RUNNING, SUCCEEDED, FAILED, TIMEOUT, ABANDONED,
    CANCELING, CANCELED, PENDING, PAUSING, PAUSED, RESUMING,
)  # fmt: skip
COMPLETED = frozenset({SUCCEEDED, FAILED, TIMEOUT, CANCELED, ABANDONED})
CANCELABLE = frozenset({REQUESTED, SCHEDULED, DELAYED, RUNNING, PAUSING, PAUSED, RESUMING})
ON_A_WORKER = frozenset({SCHEDULED, RUNNING, CANCELING, PAUSING, RESUMING})
"""Statuses of executions that are with a worker, or with the engine of workflows."""
MAY_BE_HELD = frozenset(ALL) - COMPLETED - {REQUESTED, DELAYED}
"""Statuses in which an execution can name a worker: few are in one of them at any time."""

_TRANSITIONS: dict[str, frozenset[str]] = {
    REQUESTED: frozenset({SCHEDULED, DELAYED, RUNNING, CANCELING}) | COMPLETED,
    DELAYED: frozenset({REQUESTED, SCHEDULED, RUNNING, CANCELING}) | COMPLETED,
    SCHEDULED: frozenset({RUNNING, CANCELING}) | COMPLETED,
    RUNNING: frozenset({PENDING, PAUSING, PAUSED, CANCELING}) | COMPLETED,
    PENDING: frozenset({RUNNING, CANCELING}) | COMPLETED,
    PAUSING: frozenset({PAUSED, CANCELING}) | COMPLETED,
    PAUSED: frozenset({RESUMING, CANCELING}) | COMPLETED,
    RESUMING: frozenset({RUNNING, PAUSING, CANCELING}) | COMPLETED,
    CANCELING: frozenset({CANCELED, ABANDONED}),
    **{status: frozenset() for status in COMPLETED},
}


def check_transition(current: str, wanted: str) -> None:
    """Raise `IllegalTransition` unless an execution may go from `current` to `wanted`."""
    if wanted not in _TRANSITIONS[current]:
        raise IllegalTransition(f'An execution that is "{current}" cannot become "{wanted}".')
