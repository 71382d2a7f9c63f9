"""Reaching database and broker when a service starts."""

from __future__ import annotations

import threading
from collections.abc import Callable

from st2lite.models.errors import BusUnavailable, StoreUnavailable
from st2lite.services.daemon import wait_for


def connect(make_ready: Callable[[], None]) -> None:
    """Call `make_ready` at once; if a database or broker is not up, go on trying in the background.

    A web service then starts all the same: it answers 503, and `/readyz` says what is missing.
    """
    try:
        make_ready()
    except (StoreUnavailable, BusUnavailable):
        threading.Thread(target=wait_for, args=(make_ready,), name="connect", daemon=True).start()
