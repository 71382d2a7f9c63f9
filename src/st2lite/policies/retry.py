"""Running an action again that failed or timed out: whether, and with what context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from st2lite.models import statuses
from st2lite.models.execution import Execution
from st2lite.models.policy import Policy

_STATUSES = {"failure": statuses.FAILED, "timeout": statuses.TIMEOUT}
ENDS = frozenset(_STATUSES.values())
"""How an execution must have ended to be a case for any retry policy."""


@dataclass(frozen=True)
class Retry:
    """An execution that ended with `status` is followed by up to `most` others, each `delay` milliseconds later."""

    policy: str
    status: str
    most: int
    delay: int


def make_retry(policy: Policy) -> Retry:
    """What a policy of type action.retry asks for."""
    parameters = policy.parameters
    return Retry(
        policy.ref,
        _STATUSES[parameters["retry_on"]],
        int(parameters.get("max_retry_count", 2)),
        round(float(parameters.get("delay", 0)) * 1000),
    )


def next_attempt(retries: tuple[Retry, ...], execution: Execution) -> tuple[Retry, dict[str, Any]] | None:
    """The policy that calls for another attempt after an execution, and the context of that attempt.

    None when there is none, when there were enough attempts, or when the execution is a workflow's child: its workflow
    decides what follows.
    """
    if execution.parent is not None or execution.status not in ENDS:
        return None
    earlier = execution.context.get("policies") or {}
    count = (earlier.get("retry") or {}).get("retry_count", 0)
    for retry in retries:
        if retry.status == execution.status and count < retry.most:
            trail = {
                "applied_policy": retry.policy,
                "retry_count": count + 1,
                "retried_liveaction_id": execution.liveaction_id,
            }
            return retry, {**execution.context, "policies": {**earlier, "retry": trail}}
    return None
