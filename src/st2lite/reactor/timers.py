"""Timers: triggers that occur by the clock.

One thread sleeps until the next timer is due. Any number of processes may run the same timers: the instance of a run
has an id made of trigger and scheduled time, so the first of them stores it and the others meet it. By the same ids a
process that starts finds out which run was the last one; nothing else is written down.
"""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import msgspec

from st2lite.messaging.contract import Bus, Stoppable
from st2lite.messaging.messages import ContentChanged, Message
from st2lite.models.errors import InvalidInput, St2liteError, StoreUnavailable
from st2lite.models.ids import time_of, timed_id
from st2lite.models.timestamps import from_epoch
from st2lite.models.trigger import TIMER_TYPES, Trigger, TriggerInstance
from st2lite.reactor.dispatch import Dispatcher
from st2lite.reactor.schedules import Schedule, make_schedule
from st2lite.storage.contract import Equal, In, Order, Store

logger = logging.getLogger(__name__)

RELOAD_INTERVAL = 60.0
"""Seconds between two looks at the triggers, in case a message about one was lost or the clock was set."""

RETRY_INTERVAL = 1.0
"""Seconds until the next attempt while the store is away."""

LEAST_GRACE = 1.0
"""Seconds that a run may always be late: a busy host wakes nobody to the millisecond."""

_INCLUSIVE = 1e-3
_RECENT = 10
"""Instances of a trigger that are searched for its last run; others come by hand, and few."""


class _Typed(msgspec.Struct):
    type: str = ""


_decode = msgspec.json.Decoder(_Typed).decode


@dataclass
class _Timer:
    """A trigger and its schedule; all that was due until `done` (epoch seconds) is dealt with."""

    trigger: Trigger
    schedule: Schedule
    done: float


class Timers:
    """Fires timers. `zone` is for those that name none, `grace` (seconds) for how long a missed run is made up.

    A run that was missed for longer is skipped; of several missed ones the last is made up for all. `clock` gives epoch
    seconds.
    """

    def __init__(
        self,
        store: Store,
        bus: Bus,
        dispatcher: Dispatcher,
        zone: str,
        grace: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._bus = bus
        self._dispatcher = dispatcher
        self._zone = zone
        self._grace = max(grace, LEAST_GRACE)
        self._clock = clock
        self._timers: dict[str, _Timer] = {}
        self._refused: dict[str, Trigger] = {}
        self._due: list[tuple[float, str]] = []
        self._reload_at = 0.0
        self._changed = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="timers", daemon=True)
        self._source: Stoppable | None = None

    def start(self) -> None:
        self._source = self._bus.subscribe((ContentChanged,), self._content_changed)
        self._thread.start()

    def stop(self) -> None:
        if self._source is not None:
            self._source.stop()
        self._stopped = True
        self._changed.set()
        self._thread.join()

    def step(self) -> float:
        """Fire what is due now; return the seconds until there is something to do again."""
        now = self._clock()
        if now >= self._reload_at or self._changed.is_set():
            self._changed.clear()
            self._reload_at = now + (RELOAD_INTERVAL if self._reload(now) else RETRY_INTERVAL)
        while self._due and self._due[0][0] <= now:
            self._wake(heapq.heappop(self._due)[1], now)
        wake = min(self._due[0][0], self._reload_at) if self._due else self._reload_at
        return max(0.0, wake - self._clock())

    def _run(self) -> None:
        while True:
            try:
                pause = self.step()
            except Exception:
                logger.exception("Timers failed; they go on in a moment.")
                pause = RETRY_INTERVAL
            if self._stopped:
                return
            # Never longer: while this sleeps the clock of the host may be set.
            self._changed.wait(min(pause, RELOAD_INTERVAL))

    def _content_changed(self, message: Message) -> None:
        if not isinstance(message, ContentChanged) or message.kind != Trigger.collection.name:
            return
        if _decode(message.body).type in TIMER_TYPES:
            self._changed.set()

    def _reload(self, now: float) -> bool:
        """Take up new timers, drop those that are gone; False: the store did not answer."""
        try:
            found = self._store.find(Trigger, (In("type", TIMER_TYPES),))
            triggers = {trigger.id: trigger for trigger in found if not trigger.is_shadow}
            for identifier in self._timers.keys() - triggers.keys():
                del self._timers[identifier]
            self._refused = {key: trigger for key, trigger in self._refused.items() if key in triggers}
            for trigger in triggers.values():
                known = self._timers.get(trigger.id)
                if known is None or known.trigger.rev != trigger.rev:
                    self._take_up(trigger, now)
        except StoreUnavailable as error:
            logger.warning("Timers cannot be read: %s", error.message)
            return False
        return True

    def _take_up(self, trigger: Trigger, now: float) -> None:
        refused = self._refused.get(trigger.id)
        if refused is not None and refused.rev == trigger.rev:
            return
        try:
            schedule = make_schedule(trigger, self._zone)
        except InvalidInput as error:
            logger.error("Timer %s (%s) does not run: %s", trigger.ref, trigger.type, error.message)
            self._refused[trigger.id] = trigger
            self._timers.pop(trigger.id, None)
            return
        self._refused.pop(trigger.id, None)
        # What a new schedule would have asked for before it was there has not been missed.
        done = now if trigger.id in self._timers else self._last_run(trigger, now)
        self._timers[trigger.id] = _Timer(trigger, schedule, done)
        self._plan(trigger.id)

    def _last_run(self, trigger: Trigger, now: float) -> float:
        """When the last run was due. If none is known, it never ran or its instances were purged: the grace counts."""
        newest = self._store.find(
            TriggerInstance,
            (Equal("trigger", trigger.ref),),
            (Order("occurrence_time", descending=True),),
            limit=_RECENT,
        )
        runs = [moment for each in newest if each.id == _instance_id(trigger, moment := time_of(each.id))]
        return float(max(runs)) if runs else max(float(time_of(trigger.id)), now - self._grace - _INCLUSIVE)

    def _plan(self, identifier: str) -> None:
        timer = self._timers[identifier]
        due = timer.schedule.next_after(timer.done)
        if due is not None:
            heapq.heappush(self._due, (due, identifier))

    def _wake(self, identifier: str, now: float) -> None:
        timer = self._timers.get(identifier)
        if timer is None:
            return
        first = timer.schedule.next_after(timer.done)
        if first is None or first > now:  # planned twice, when its trigger was written anew
            return
        oldest = now - self._grace
        due = timer.schedule.latest(max(timer.done, oldest - _INCLUSIVE), now)
        if first < oldest or (due is not None and due > first):
            what = f"the one of {from_epoch(due)} is made up for them" if due else "they are skipped"
            logger.warning("Timer %s missed runs from %s on; %s.", timer.trigger.ref, from_epoch(first), what)
        if due is not None and not self._fire(timer.trigger, due, now):
            heapq.heappush(self._due, (now + RETRY_INTERVAL, identifier))
            return
        timer.done = now
        self._plan(identifier)

    def _fire(self, trigger: Trigger, due: float, now: float) -> bool:
        """Store and announce the run that was due; False: the store did not answer."""
        _, _, type_name = trigger.type.partition(".")
        payload: dict[str, Any] = {"executed_at": _text_of(now), "schedule": None}
        try:
            self._dispatcher.dispatch(
                [trigger],
                payload,
                {"trace_tag": f"{type_name}-{trigger.name}"},
                identifier=_instance_id(trigger, due),
            )
        except StoreUnavailable as error:
            logger.warning("Timer %s waits for the database: %s", trigger.ref, error.message)
            return False
        except St2liteError as error:
            logger.error("The run of timer %s is lost: %s", trigger.ref, error.message)
        return True


def _instance_id(trigger: Trigger, due: float) -> str:
    return timed_id(due, trigger.id)


def _text_of(moment: float) -> str:
    return datetime.fromtimestamp(moment, timezone.utc).isoformat(" ", "microseconds")
