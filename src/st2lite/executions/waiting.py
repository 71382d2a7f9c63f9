"""Executions that a concurrency policy delayed: they wait in line, and begin in the order in which they were requested.

A delayed execution stays delayed until a worker claims it. Whoever finds room for it only sends its job: the worker
decides anew (`executions.admission`), so a job that was sent too often, too early or never does no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from st2lite.executions.events import dispatch
from st2lite.executions.snapshots import Origin
from st2lite.messaging.contract import Bus
from st2lite.models import statuses
from st2lite.models.errors import NotFound
from st2lite.models.execution import Execution
from st2lite.policies.concurrency import ACTIVE, Limit, Occupancy
from st2lite.policies.index import PolicyIndex
from st2lite.storage.contract import Equal, Filter, In, Order, Range, Store

_PAGE = 200
_MOST = 10_000
_OLDEST_FIRST = (Order("start_timestamp"),)


class WaitingLine:
    """Knows who is active and who waits, and sends the jobs of those who fit. Safe to use from many threads."""

    def __init__(
        self,
        store: Store,
        bus: Bus,
        policies: PolicyIndex,
        origin_of: Callable[[Execution], Origin],
    ) -> None:
        self._store = store
        self._bus = bus
        self._policies = policies
        self._origin_of = origin_of

    def occupancy(self, action_ref: str, limits: Sequence[Limit], apart_from: str | None = None) -> Occupancy:
        """Count the active executions of an action against its limits; the one with id `apart_from` is left out."""
        filters = (In("status", ACTIVE), of_action(action_ref))
        if apart_from is None and not any(limit.attributes for limit in limits):
            # Not `count`, of which large answers are remembered for a moment.
            return Occupancy(limits, self.value_of, len(self._store.distinct(Execution, "liveaction", filters)))
        occupancy = Occupancy(limits, self.value_of)
        for execution in self._store.find(Execution, filters, large=False):
            if execution.id != apart_from:
                occupancy.add(execution)
        return occupancy

    def before(self, execution: Execution) -> list[Execution]:
        """The first of those that wait for the same action since earlier."""
        earlier = Range("start_timestamp", lt=execution.start_timestamp)
        return self._page(execution.action_ref, (earlier,), _PAGE, 0)

    def send(self, execution: Execution) -> None:
        """Send the job of an execution that waits."""
        dispatch(self._bus, execution)

    def wake(self, action_ref: str, occupancy: Occupancy, most: int = _MOST) -> int:
        """Send the job of the first, of `most` that wait, for whom there is room; return how many that is.

        Whoever begins wakes the next one, so one job is enough, however much room there is.
        """
        if occupancy.room:
            for waiting in self._waiting(action_ref, most):
                if occupancy.exceeded(waiting) is None:
                    self.send(waiting)
                    return 1
        return 0

    def wake_next(self, action_ref: str, occupancy: Occupancy) -> None:
        """The same for an action of which one has just begun, among the first that wait."""
        self.wake(action_ref, occupancy, _PAGE)

    def ended(self, execution: Execution) -> None:
        """Let the next one begin for whom the end of an execution makes room."""
        limits = self._policies.of(execution.action_ref).limits
        if limits:
            self.wake(execution.action_ref, self.occupancy(execution.action_ref, limits))

    def move_all(self) -> int:
        """Let those begin, of all actions, for whom there is room; return how many jobs were sent.

        Finds what a lost message, a policy that was removed or a lock that could not be had left behind.
        """
        actions = self._store.distinct(Execution, "action", (Equal("status", statuses.DELAYED),))
        return sum(self._move(str(action)) for action in actions)

    def value_of(self, execution: Execution, name: str) -> Any:
        """The value of a parameter of an execution; as its metadata gives it where it was left out."""
        value = execution.parameters.get(name)
        if value is not None:
            return value
        try:
            origin = self._origin_of(execution)
        except NotFound:
            return None
        for parameters in (origin.action.parameters, origin.runner.runner_parameters):
            default = parameters.get(name, {}).get("default")
            if default is not None:
                return default
        return None

    def _move(self, action_ref: str) -> int:
        limits = self._policies.of(action_ref).limits
        if limits:
            return self.wake(action_ref, self.occupancy(action_ref, limits))
        count = 0
        for waiting in self._waiting(action_ref, _MOST):  # nothing limits them any more
            self.send(waiting)
            count += 1
        return count

    def _waiting(self, action_ref: str, most: int) -> Iterator[Execution]:
        for offset in range(0, most, _PAGE):
            size = min(_PAGE, most - offset)
            page = self._page(action_ref, (), size, offset)
            # One that is to begin later waits for its time, not for room.
            yield from (execution for execution in page if execution.due is None)
            if len(page) < size:
                return

    def _page(self, action_ref: str, filters: tuple[Filter, ...], limit: int, offset: int) -> list[Execution]:
        where = (Equal("status", statuses.DELAYED), of_action(action_ref), *filters)
        return self._store.find(Execution, where, _OLDEST_FIRST, limit, offset, large=False)


def of_action(action_ref: str) -> Filter:
    """Filter for the executions of an action, beside one for a status that few executions have.

    As a range, since databases would take an equality for the narrower of the two, and read all the executions that the
    action ever had.
    """
    return Range("action", gte=action_ref, lte=action_ref)
