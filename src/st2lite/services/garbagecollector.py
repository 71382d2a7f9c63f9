"""st2garbagecollector: removes what has outlived its time, and ends inquiries that nobody answered in theirs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping

from st2lite.config.schema import Config
from st2lite.executions.purging import Purge
from st2lite.models.errors import St2liteError
from st2lite.services import daemon
from st2lite.services.context import AppContext
from st2lite.services.retention import Collector, Periods

NAME = "st2garbagecollector"

logger = logging.getLogger(__name__)

EXPIRY_INTERVAL = 30.0
"""Seconds between two looks for what has run out: tokens, datastore items, inquiries."""

SOON = 3600.0
"""Seconds within which the rule follows for which a trigger was made."""

FIRST_ROUND = 60.0
"""Seconds after the start before old documents are removed: a service that starts has better things to do."""


def serve(config: Config) -> None:
    """Serve until the process is asked to stop."""
    daemon.serve(NAME, config, GarbageCollector)


class GarbageCollector:
    """Rounds on one thread. Without `[garbagecollector] enable` nothing is removed for its age."""

    def __init__(self, context: AppContext) -> None:
        options = context.config.garbagecollector
        self._enabled = options.enable
        self._interval = options.collection_interval
        self._inquiries = context.inquiries.expire if options.purge_inquiries else lambda: 0
        self._triggers = context.triggers
        self._stopped = threading.Event()
        periods = Periods(
            options.action_executions_ttl,
            options.action_executions_output_ttl,
            options.trigger_instances_ttl,
            options.rule_enforcements_ttl,
        )
        purge = Purge(context.store, options.batch, lambda: self._stopped.wait(options.sleep_delay))
        self._collector = Collector(context.store, purge, periods)
        self._thread = threading.Thread(target=self._loop, name="garbage-collector", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _loop(self) -> None:
        next_round = time.monotonic() + min(FIRST_ROUND, self._interval)
        pause = min(EXPIRY_INTERVAL, self._interval)
        while not self._stopped.wait(pause):
            self._attempt("Ended", lambda: {"inquiries": self._inquiries()}, logging.INFO)
            self._attempt("Removed expired", self._collector.expire, logging.DEBUG)
            if self._enabled and time.monotonic() >= next_round:
                self._attempt("Removed old", self._collector.collect, logging.INFO)
                self._attempt("Removed unused", self._remove_unused, logging.INFO)
                next_round = time.monotonic() + self._interval

    def _remove_unused(self) -> dict[str, int]:
        return {"triggers": self._triggers.remove_unused(time.time() - SOON)}

    def _attempt(self, what: str, step: Callable[[], Mapping[str, int]], level: int) -> None:
        if self._stopped.is_set():
            return
        try:
            done = ", ".join(f"{count} {name}" for name, count in step().items() if count)
            if done:
                logger.log(level, "%s %s.", what, done)
        except St2liteError as error:
            logger.warning("Garbage collection: %s", error.message)
        except Exception:
            logger.exception("Garbage collection failed; the next round follows.")
