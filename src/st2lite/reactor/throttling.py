"""Throttled rules: events are counted in windows, and the action runs once for many of them.

What a window has come to is kept in the store and changed by compare-and-swap: it survives a restart, and any number of
engines share it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec

from st2lite.models import timestamps
from st2lite.models.errors import Conflict, RenderError, StaleWrite, StoreUnavailable
from st2lite.models.ids import derived_id
from st2lite.models.rule import Rule
from st2lite.models.throttle import ONCE_AFTER, Firing, Throttle, ThrottleState
from st2lite.models.trigger import TriggerInstance
from st2lite.reactor.enforcement import Enforcer
from st2lite.reactor.facts import Facts, getter_of
from st2lite.reactor.windows import advance, close, settle
from st2lite.rendering.environment import names_in
from st2lite.storage.contract import In, Order, Range, Store, save

logger = logging.getLogger(__name__)

BATCH = 100
LARGEST_EVENTS = 2 * 1024 * 1024
"""Bytes of JSON of the payloads that templates see as `throttle.events`; older ones are left out."""

_LOCKS = 16


class Throttles:
    """Decides for throttled rules what becomes of an event. Safe to use from many threads.

    `expect` is called with the moment (epoch seconds) when a window has to be closed; `clock` gives epoch seconds.
    """

    def __init__(self, store: Store, enforcer: Enforcer, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._enforcer = enforcer
        self._clock = clock
        # Threads of one engine take turns, so that a storm of events does not become one of lost swaps.
        self._locks = [threading.Lock() for _ in range(_LOCKS)]
        self.expect: Callable[[float], None] = lambda _moment: None

    def handle(self, rule: Rule, throttle: Throttle, instance: TriggerInstance, facts: Facts) -> None:
        """Count an event that a rule matches, and enforce the rule if it is time to; may be repeated.

        Raises `RenderError` for a key in `group_by_attributes` that is no path.
        """
        group = [getter_of(key)(facts) for key in throttle.group_by]
        definition = msgspec.json.encode(
            [throttle.kind, throttle.seconds, throttle.threshold, throttle.group_by, group]
        )
        identifier = derived_id(rule.id, "throttle", definition.decode())
        with self._locks[hash(identifier) % _LOCKS]:
            firing = self._count(identifier, rule, throttle, instance)
        if firing is not None:
            self._enforcer.enforce(rule, instance, self._variables(rule, firing, instance))

    def close_due(self) -> float | None:
        """Run what windows that are over lead to; return when the next one is over (epoch seconds, None: none is)."""
        now, closed = self._clock(), 0
        page = self._store.find(ThrottleState, (Range("due", gte=0),), (Order("due"),), BATCH)
        for state in page:
            if state.due is not None and state.due > now:
                return state.due
            try:
                self._close(state)
                closed += 1
            except StoreUnavailable:
                raise
            except Exception:
                logger.exception("A window of rule %s could not be closed; this is tried again.", state.rule)
        return now if closed and len(page) == BATCH else None

    def _count(self, identifier: str, rule: Rule, throttle: Throttle, instance: TriggerInstance) -> Firing | None:
        moment = timestamps.to_epoch(instance.occurrence_time)
        while True:
            state = self._store.get(ThrottleState, identifier)
            if state is None:
                state = ThrottleState(id=identifier, rule=rule.id, seconds=throttle.seconds)
            changed, firing = advance(state, throttle, instance.id, moment)
            if not changed:
                return firing
            try:
                save(self._store, state)
            except (Conflict, StaleWrite):
                continue
            if throttle.kind == ONCE_AFTER and state.due is not None:
                self.expect(state.due)
            return firing

    def _close(self, state: ThrottleState) -> None:
        try:
            firing = close(state)
            self._store.replace(state)
        except StaleWrite:
            self.expect(self._clock())  # another event, or another engine: the next look finds what is left to do
            return
        self._run(state.rule, firing)
        while settle(state, firing):
            try:
                self._store.replace(state)
                if state.due is not None:  # an event has come meanwhile, and opened the next window
                    self.expect(state.due)
                return
            except StaleWrite:
                stored = self._store.get(ThrottleState, state.id)
            if stored is None:
                return
            state = stored

    def _run(self, rule_id: str, firing: Firing) -> None:
        rule = self._store.get(Rule, rule_id)
        instance = self._store.get(TriggerInstance, firing.instance)
        if rule is None or not rule.enabled or instance is None:
            logger.info("A window of rule %s is over, and rule or event are gone.", rule_id)
            return
        self._enforcer.enforce(rule, instance, self._variables(rule, firing, instance))

    def _variables(self, rule: Rule, firing: Firing, instance: TriggerInstance) -> dict[str, Any]:
        """What templates of a throttled rule see besides the payload: `throttle` with `count` and `events`."""
        events = self._payloads(firing, instance) if _asks_for_throttle(rule) else []
        return {"throttle": {"count": firing.count, "events": events}}

    def _payloads(self, firing: Firing, instance: TriggerInstance) -> list[Any]:
        """Payloads of the newest events that an action is run for, oldest first."""
        if firing.events == [instance.id]:
            return [instance.payload]
        payloads: list[Any] = []
        size = 0
        for end in range(len(firing.events), 0, -BATCH):
            identifiers = firing.events[max(end - BATCH, 0) : end]
            found = {one.id: one for one in self._store.find(TriggerInstance, (In("id", tuple(identifiers)),))}
            for identifier in reversed(identifiers):
                if identifier in found:
                    size += len(msgspec.json.encode(found[identifier].payload))
                    if size > LARGEST_EVENTS:
                        return payloads[::-1]
                    payloads.append(found[identifier].payload)
        return payloads[::-1]


def _asks_for_throttle(rule: Rule) -> bool:
    try:
        return "throttle" in names_in(rule.action.get("parameters") or {})
    except RenderError:
        return False  # the request tells what is wrong with the template
