"""Executions that a concurrency policy delayed: they wait in line, and begin in the order in which they were requested.

A delayed execution stays delayed until a worker claims it. Whoever finds room for it only sends its job: the worker
decides anew (`executions.admission`), so a job that was sent too often, too early or never does no harm.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
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

RESEND = 2.0
"""Seconds after which a job is sent again for an execution that still waits: until then it is on its way."""

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
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._bus = bus
        self._policies = policies
        self._origin_of = origin_of
        self._clock = clock
        self._lock = threading.Lock()
        self._sent: dict[str, float] = {}

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

    def send(self, executions: Iterable[Execution]) -> int:
        """Send the jobs of executions that wait, unless that was done a moment ago; return how many were sent."""
        count = 0
        for execution in executions:
            if self._due(execution.id):
                if not dispatch(self._bus, execution):
                    break
                count += 1
        return count

    def ended(self, execution: Execution) -> None:
        """Let those begin for whom the end of an execution makes room."""
        if self._policies.of(execution.action_ref).limits:
            self._move(execution.action_ref)

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
        occupancy = self.occupancy(action_ref, limits)
        if not occupancy.room:
            return 0
        every_value = not any(limit.attributes for limit in limits)
        most = min(occupancy.room, _MOST) if every_value else _MOST
        return self.send(waiting for waiting in self._waiting(action_ref, most) if occupancy.admit(waiting))

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

    def _due(self, identifier: str) -> bool:
        now = self._clock()
        with self._lock:
            if self._sent.get(identifier, now) > now:
                return False
            if len(self._sent) >= _MOST:
                self._sent = {key: until for key, until in self._sent.items() if until > now}
            self._sent[identifier] = now + RESEND
            return True


def of_action(action_ref: str) -> Filter:
    """Filter for the executions of an action, beside one for a status that few executions have.

    As a range, since databases would take an equality for the narrower of the two, and read all the executions that the
    action ever had.
    """
    return Range("action", gte=action_ref, lte=action_ref)
