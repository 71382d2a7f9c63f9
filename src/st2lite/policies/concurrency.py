"""Limits on how many executions of an action run at the same time: what they count, and who fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from st2lite.models import statuses
from st2lite.models.execution import Execution
from st2lite.models.policy import Policy

ACTIVE = (statuses.SCHEDULED, statuses.RUNNING)
"""What counts against a limit."""

ValueOf = Callable[[Execution, str], Any]
"""The value of a parameter of an execution, defaults included."""


@dataclass(frozen=True)
class Limit:
    """At most `threshold` executions with equal values of `attributes` (none: of all values) may be active at a time.

    An execution beyond it is canceled if `cancels`, else delayed.
    """

    policy: str
    threshold: int
    cancels: bool
    attributes: tuple[str, ...] = ()

    def describe(self) -> str:
        same = f" with the same {', '.join(self.attributes)}" if self.attributes else ""
        return f'Policy "{self.policy}" lets no more than {self.threshold} executions of this action run{same}.'


def make_limit(policy: Policy) -> Limit:
    """The limit that a policy of type action.concurrency or action.concurrency.attr sets."""
    parameters = policy.parameters
    attributes = tuple(str(name) for name in parameters.get("attributes") or ())
    return Limit(policy.ref, int(parameters["threshold"]), parameters.get("action") == "cancel", attributes)


class Occupancy:
    """Counts executions of one action against its limits."""

    def __init__(self, limits: Sequence[Limit], value_of: ValueOf, active: int = 0) -> None:
        """`active` executions are counted already, against limits without attributes."""
        self._limits = limits
        self._value_of = value_of
        self._counts: Counter[tuple[str, bytes]] = Counter()
        for limit in limits:
            self._counts[limit.policy, b""] = active

    @property
    def room(self) -> int:
        """How many more executions fit at most, as far as limits without attributes tell; never negative."""
        rooms = [limit.threshold - self._counts[limit.policy, b""] for limit in self._limits if not limit.attributes]
        return max(0, min(rooms)) if rooms else NO_LIMIT

    def add(self, execution: Execution) -> None:
        """Count an execution."""
        for limit in self._limits:
            self._counts[self._key(limit, execution)] += 1

    def exceeded(self, execution: Execution) -> Limit | None:
        """The limit that leaves no room for an execution, one that cancels before one that delays; None if it fits."""
        full = [limit for limit in self._limits if self._counts[self._key(limit, execution)] >= limit.threshold]
        return max(full, key=lambda limit: limit.cancels) if full else None

    def admit(self, execution: Execution) -> bool:
        """Count an execution if it fits; tell whether it did."""
        if self.exceeded(execution) is not None:
            return False
        self.add(execution)
        return True

    def _key(self, limit: Limit, execution: Execution) -> tuple[str, bytes]:
        if not limit.attributes:
            return limit.policy, b""
        values = [self._value_of(execution, name) for name in limit.attributes]
        return limit.policy, msgspec.json.encode(values, order="sorted")


NO_LIMIT = 1_000_000
