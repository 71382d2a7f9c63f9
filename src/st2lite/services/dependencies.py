"""Reaching database and broker when a service starts."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from st2lite.models.errors import BusUnavailable, StoreUnavailable

logger = logging.getLogger(__name__)

RETRY_INTERVAL = 1.0
"""Seconds between attempts to reach a database or broker that is not up yet; there is no limit to them."""


def connect(make_ready: Callable[[], None]) -> None:
    """Call `make_ready` at once; if a database or broker is not up, go on trying in the background.

    A web service then starts all the same: it answers 503, and `/readyz` says what is missing.
    """
    try:
        make_ready()
    except (StoreUnavailable, BusUnavailable):
        never = threading.Event()
        threading.Thread(target=wait_for, args=(make_ready, never.wait), name="connect", daemon=True).start()


def wait_for(make_ready: Callable[[], None], give_up: Callable[[float], bool]) -> bool:
    """Call `make_ready` until database and broker answer; tell whether they did.

    `give_up` waits for so many seconds and says whether to stop trying.
    """
    waited = False
    while True:
        try:
            make_ready()
        except (StoreUnavailable, BusUnavailable) as error:
            if not waited:
                logger.warning("Waiting: %s", error.message)
                waited = True
            if give_up(RETRY_INTERVAL):
                return False
        else:
            if waited:
                logger.info("All dependencies answer now.")
            return True
