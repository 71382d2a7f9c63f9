"""Finding chains that a lost message, or an engine that died, left standing."""

from __future__ import annotations

import logging

from st2lite.executions import events
from st2lite.executions.task_entries import STOPPED
from st2lite.messaging.contract import Bus
from st2lite.models import statuses
from st2lite.models.execution import Execution
from st2lite.storage.contract import Equal, In, Order, Range, Store
from st2lite.workflows.progress import is_due
from st2lite.workflows.state import ACTION_CHAIN, state_of

logger = logging.getLogger(__name__)

WAKE = "continue"
"""The command that makes an engine look at a chain."""

_STANDING = (statuses.RUNNING, statuses.PAUSING, statuses.PAUSED, statuses.RESUMING)
"""Chains that are being canceled are reminded by the backup scheduler, as all executions are."""
_PAGE = 200
_MOST = 10_000


class ChainRecovery:
    """A chore of the backup scheduler: it only sends messages, what is due is done by an engine.

    A chain between two tasks looks for a moment as one that was left standing, so it has to look the same, with the
    same child, in two rounds.
    """

    def __init__(self, store: Store, bus: Bus) -> None:
        self._store = store
        self._bus = bus
        self._seen: dict[str, tuple[str, str]] = {}

    def wake(self, at_once: bool = False) -> int:
        """Wake chains that stand still; return how many. With `at_once` none is waited for a second time."""
        seen: dict[str, tuple[str, str]] = {}
        sent = 0
        for offset in range(0, _MOST, _PAGE):
            chains = self._chains(offset)
            for chain, sight in self._standing(chains):
                if at_once or self._seen.get(chain.id) == sight:
                    if not events.control(self._bus, chain, WAKE):
                        return sent
                    sent += 1
                seen[chain.id] = sight
            if len(chains) < _PAGE:
                break
        self._seen = seen
        if sent:
            logger.info("%d chains stood still and go on.", sent)
        return sent + self._cancel_left_behind()

    def _cancel_left_behind(self) -> int:
        """Have an engine look at chains that have ended and left a child that is paused, or waits for an answer."""
        parents = self._store.distinct(Execution, "parent", (In("status", tuple(STOPPED)), Range("parent", gt="")))
        if not parents:
            return 0
        ended = (In("id", tuple(parents)), In("status", tuple(statuses.COMPLETED)), Equal("runner", ACTION_CHAIN))
        chains = self._store.find(Execution, ended, large=False)
        by_child = {state.child: chain for chain in chains if (state := state_of(chain)) is not None}
        if not by_child:
            return 0
        left = (In("id", tuple(by_child)), In("status", tuple(STOPPED)))
        children = self._store.find(Execution, left, large=False)
        return sum(events.control(self._bus, by_child[child.id], "cancel") for child in children)

    def _chains(self, offset: int) -> list[Execution]:
        filters = (In("status", _STANDING), Equal("runner", ACTION_CHAIN), Equal("worker", None))
        return self._store.find(Execution, filters, (Order("start_timestamp"),), _PAGE, offset, large=False)

    def _standing(self, chains: list[Execution]) -> list[tuple[Execution, tuple[str, str]]]:
        """Chains for which something is due, and what they look like."""
        states = {chain.id: state for chain in chains if (state := state_of(chain)) is not None}
        if not states:
            return []
        wanted = (In("id", tuple(state.child for state in states.values())),)
        children = {child.id: child for child in self._store.find(Execution, wanted, large=False)}
        return [
            (chain, (chain.status, state.child))
            for chain in chains
            if (state := states.get(chain.id)) is not None and is_due(chain, state, children.get(state.child))
        ]
