"""Closing windows of throttled rules when their time is over: nothing polls, it sleeps until then."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from st2lite.models.errors import StoreUnavailable
from st2lite.reactor.throttling import Throttles

logger = logging.getLogger(__name__)

LOOK_INTERVAL = 30.0
"""Seconds after which it looks for windows that other engines have left behind."""

RETRY_INTERVAL = 2.0


class WindowCloser:
    """One thread; it is told of each window that this engine opens. `clock` gives epoch seconds."""

    def __init__(self, throttles: Throttles, clock: Callable[[], float] = time.time) -> None:
        self._throttles = throttles
        self._clock = clock
        self._changed = threading.Condition()
        self._next = 0.0
        self._stopping = False
        self._thread = threading.Thread(target=self._loop, name="throttles", daemon=True)
        throttles.expect = self.expect

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def expect(self, moment: float) -> None:
        """Look again at this moment at the latest."""
        with self._changed:
            if moment < self._next:
                self._next = moment
                self._changed.notify()

    def _loop(self) -> None:
        while self._wait():
            try:
                due = self._throttles.close_due()
            except StoreUnavailable as error:
                logger.warning("Windows of throttled rules have to wait: %s", error.message)
                due = self._clock() + RETRY_INTERVAL
            except Exception:
                logger.exception("Windows of throttled rules could not be closed; this is tried again.")
                due = self._clock() + RETRY_INTERVAL
            if due is not None:
                self.expect(due)

    def _wait(self) -> bool:
        """Sleep until the next look; False when the thread has to end."""
        with self._changed:
            while not self._stopping and self._next > self._clock():
                self._changed.wait(self._next - self._clock())
            self._next = self._clock() + LOOK_INTERVAL
            return not self._stopping
