"""The access of sensors to the API: one token for all of a container, which stays valid as long as that runs."""

from __future__ import annotations

import threading
import time

from st2lite.auth.tokens import Tokens
from st2lite.models.access import Token
from st2lite.models.timestamps import to_epoch

USER = "sensors_container"


class Access:
    """Issues the token when the first sensor needs it.

    Its life is prolonged in time rather than replaced: a sensor may run for months, and may hold a client of its own.
    """

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._lock = threading.Lock()
        self._issued: tuple[Token, str] | None = None
        self._half = 0.0

    def token(self) -> str:
        """Text of the token. Raises `StoreUnavailable`."""
        with self._lock:
            if self._issued is None:
                self._issued = self._tokens.create(USER, service=True)
                self._half = (to_epoch(self._issued[0].expiry) - time.time()) / 2
            return self._issued[1]

    def keep(self) -> None:
        """Prolong the token when half of its life is over; one that somebody deleted is replaced for new processes."""
        with self._lock:
            if self._issued is None or to_epoch(self._issued[0].expiry) - time.time() > self._half:
                return
            token = self._tokens.prolong(self._issued[0].id)
            self._issued = None if token is None else (token, self._issued[1])

    def end(self) -> None:
        """Revoke the token."""
        with self._lock:
            if self._issued is not None:
                self._tokens.revoke(self._issued[0].id)
                self._issued = None
