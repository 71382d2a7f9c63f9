"""Reaching database and broker when a service starts."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from st2lite.models.errors import BusUnavailable, StoreUnavailable

logger = logging.getLogger(__name__)

RETRY_INTERVAL = 1.0
"""Seconds between attempts to reach a database or broker that is not up yet; there is no limit to them."""


def connect(make_ready: Callable[[], None], tell: Callable[[str], None] = lambda _: None) -> None:
    """Call `make_ready` at once; if a database or broker is not up, go on trying in the background.

    A web service then starts all the same: it answers 503, and `/readyz` says what is missing. `tell` is told, too.
    """
    try:
        make_ready()
    except (StoreUnavailable, BusUnavailable) as error:
        tell(f"Waiting: {error.message}")
        threading.Thread(target=_go_on, args=(make_ready, tell), name="connect", daemon=True).start()
    else:
        tell("Ready.")


def wait_for(
    make_ready: Callable[[], None], give_up: Callable[[float], bool], tell: Callable[[str], None] = lambda _: None
) -> bool:
    """Call `make_ready` until database and broker answer; tell whether they did.

    `give_up` waits for so many seconds and says whether to stop trying. `tell` is told once what is waited for, and
    once that it has come.
    """
    waited = False
    while True:
        try:
            make_ready()
        except (StoreUnavailable, BusUnavailable) as error:
            if not waited:
                logger.warning("Waiting: %s", error.message)
                tell(f"Waiting: {error.message}")
                waited = True
            if give_up(RETRY_INTERVAL):
                return False
        else:
            if waited:
                logger.info("All dependencies answer now.")
                tell("Ready.")
            return True


def _go_on(make_ready: Callable[[], None], tell: Callable[[str], None]) -> None:
    if wait_for(make_ready, threading.Event().wait):
        tell("Ready.")
