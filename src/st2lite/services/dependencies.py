"""Reaching database and broker when a service starts."""

from __future__ import annotations

import threading

from st2lite.models.errors import BusUnavailable, StoreUnavailable
from st2lite.services.context import AppContext
from st2lite.services.daemon import wait_for


def connect(context: AppContext) -> None:
    """Connect at once if database and broker are up; else go on trying in the background.

    A web service then starts all the same: it answers 503, and `/readyz` says what is missing.
    """
    try:
        context.connect()
    except (StoreUnavailable, BusUnavailable):
        threading.Thread(target=wait_for, args=(context.connect,), name="connect", daemon=True).start()
