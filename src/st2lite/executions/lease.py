"""The lease of a worker: a document that it renews while it lives, so that others learn when it does not."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time

from st2lite.models.errors import St2liteError, StaleWrite, StoreUnavailable
from st2lite.models.execution import Worker
from st2lite.models.ids import new_id
from st2lite.storage.contract import Store

logger = logging.getLogger(__name__)

RETRY_INTERVAL = 0.5
"""Seconds between attempts to renew the lease after one that failed."""


class Lease:
    """Says that the executions which carry `holder` have a living worker. It lasts `seconds`, and is renewed."""

    def __init__(self, store: Store, seconds: float) -> None:
        self._store = store
        self._seconds = seconds
        self._record = Worker(id=new_id(), hostname=socket.gethostname(), pid=os.getpid(), expires=0, lease=seconds)
        self._ended = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="lease", daemon=True)

    @property
    def holder(self) -> str:
        """What an execution has as its `worker` while it is held under this lease."""
        return self._record.id

    @property
    def info(self) -> dict[str, object]:
        """Where the worker runs, as executions show it."""
        return {"hostname": self._record.hostname, "pid": self._record.pid}

    def take(self) -> None:
        """Take the lease and renew it from now on."""
        self._record.expires = time.time() + self._seconds
        self._store.insert(self._record)
        self._heart.start()

    def end(self, run_out: bool) -> None:
        """Renew it no more. With `run_out` it stays until it has run out, for what may still be held under it."""
        self._ended.set()
        self._heart.join()
        if not run_out:
            with contextlib.suppress(StoreUnavailable):  # it runs out by itself
                self._store.delete(Worker, self._record.id)

    def _beat(self) -> None:
        """Renew the lease while the process lives, also while it drains."""
        pause = self._seconds / 3
        while not self._ended.wait(pause):
            renewed = self._renew()
            # After an outage the lease has run out: renew it before anybody takes this worker for dead.
            pause = self._seconds / 3 if renewed else min(self._seconds / 3, RETRY_INTERVAL)

    def _renew(self) -> bool:
        record = self._record
        record.expires = time.time() + self._seconds
        try:
            try:
                self._store.replace(record)
            except StaleWrite:
                stored = self._store.get(Worker, record.id)
                if stored is None:
                    logger.error("This worker was given up for dead (it was silent too long); it takes a new lease.")
                    record.rev = 0
                    self._store.insert(record)
                else:  # an earlier renewal was done, and only its answer lost
                    record.rev = stored.rev
                    self._store.replace(record)
        except St2liteError as error:
            logger.warning("The lease could not be renewed: %s", error.message)
            return False
        except Exception:
            logger.exception("The lease could not be renewed.")
            return False
        return True
