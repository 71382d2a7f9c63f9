"""Trigger instances that no message leads to the rules engine: found in the store, and handed to it again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future

from st2lite.executions.backoff import BackOff
from st2lite.models import timestamps
from st2lite.models.errors import St2liteError, StoreUnavailable
from st2lite.models.trigger import PENDING, TriggerInstance
from st2lite.reactor.engine import RulesEngine
from st2lite.storage.contract import Equal, Order, Range, Store

logger = logging.getLogger(__name__)

BATCH = 200
MIN_INTERVAL = 2.0


class Recovery:
    """Looks for instances that wait for longer than `redispatch_after` seconds; `clock` gives epoch seconds.

    With `empty_bus`, when no message can have outlived the last process, the first look takes all that wait. One that
    is tried in vain is tried again the more rarely, the more often it was.
    """

    def __init__(
        self,
        store: Store,
        engine: RulesEngine,
        redispatch_after: float,
        empty_bus: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._engine = engine
        self._redispatch_after = redispatch_after
        self._first_age = 0.0 if empty_bus else redispatch_after
        self._clock = clock
        self._backoff = BackOff(redispatch_after)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="rules-recovery", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def round(self, older_than: float | None = None) -> int:
        """Hand over what waits for too long, by default `redispatch_after` seconds; return how many are done with."""
        age = self._redispatch_after if older_than is None else older_than
        filters = (Equal("status", PENDING), Range("occurrence_time", lte=timestamps.from_epoch(self._clock() - age)))
        waiting: list[str] = []
        done = 0
        while not self._stopped.is_set():
            # Those that wait on are the oldest: they come first, and are passed over.
            page = self._store.find(TriggerInstance, filters, (Order("occurrence_time"),), BATCH, len(waiting))
            done += self._hand_over(page, waiting)
            if len(page) < BATCH:
                self._backoff.keep(waiting)
                break
        return done

    def _hand_over(self, page: list[TriggerInstance], waiting: list[str]) -> int:
        """Have a page processed as far as it is its time; return how many are done with; `waiting` gets the others."""
        now = self._clock()
        ready = [instance for instance in page if not self._backoff.holds(instance.id, now)]
        waiting += [instance.id for instance in page if self._backoff.holds(instance.id, now)]
        done = 0
        for instance, future in [(instance, self._engine.submit(instance)) for instance in ready]:
            if _is_done(instance, future):
                done += 1
            else:
                self._backoff.note(instance.id, now)
                waiting.append(instance.id)
        return done

    def _loop(self) -> None:
        age = self._first_age
        while True:
            try:
                self.round(age)
                age = self._redispatch_after
            except St2liteError as error:
                logger.warning("Waiting trigger instances could not be looked for: %s", error.message)
            except Exception:
                logger.exception("Waiting trigger instances could not be looked for; the next round follows.")
            if self._stopped.wait(max(self._redispatch_after / 2, MIN_INTERVAL)):
                return


def _is_done(instance: TriggerInstance, future: Future[bool] | None) -> bool:
    """Wait until the engine has dealt with an instance, and tell whether it has; raise `StoreUnavailable`."""
    if future is None:
        return False
    try:
        return future.result()
    except CancelledError:
        return False
    except StoreUnavailable:
        raise
    except Exception:
        logger.exception("Trigger instance %s is tried in vain.", instance.id)
        return False
