"""What the rules engine records of a trigger instance when all is requested: enforcements, and the instance's status.

Nobody waits for these records, so those of many instances are written together, a moment later: then they cost two
writes, and do not stand in the way of the executions that were just requested. An instance is done with when they are
written, and its message acknowledged only then.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from st2lite.models.errors import Conflict, StoreUnavailable
from st2lite.models.rule import RuleEnforcement
from st2lite.models.trigger import PENDING, TriggerInstance
from st2lite.storage.contract import Store

logger = logging.getLogger(__name__)

LINGER = 0.1
"""Seconds that records wait for others."""

RETRY_INTERVAL = 0.5
"""Seconds between attempts while the store is away."""

MOST = 100
"""Instances whose records are written together."""


@dataclass
class Record:
    """An instance with its final status, its enforcements, and whom to tell: whether they are written or given up."""

    instance: TriggerInstance
    enforcements: Sequence[RuleEnforcement]
    done: Callable[[bool], None] = field(default=lambda _: None)


class Records:
    """Writes records on a thread of its own, `most` at the same time. Safe to use from many threads."""

    def __init__(self, store: Store, most: int = MOST) -> None:
        self._store = store
        self._most = min(most, MOST)
        self._lock = threading.Lock()
        self._waiting: list[Record] = []
        self._begun = threading.Event()
        self._hurry = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rule-records", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, unless the store is away."""
        self._stopping.set()
        self._hurry.set()
        self._begun.set()
        if self._thread.is_alive():
            self._thread.join()

    def add(self, record: Record) -> None:
        """Have a record written soon."""
        with self._lock:
            self._waiting.append(record)
            full = len(self._waiting) >= self._most
        self._begun.set()
        if full:
            self._hurry.set()

    def write(self, records: Sequence[Record]) -> None:
        """Write records now; may be repeated. Raise `StoreUnavailable`, and `InvalidInput` if the store refuses one."""
        enforcements = [enforcement for record in records for enforcement in record.enforcements]
        try:
            if len(enforcements) > 1:
                self._store.insert_many(enforcements)
                enforcements = []
        except Conflict:  # some of them were written before
            pass
        for enforcement in enforcements:
            with contextlib.suppress(Conflict):
                self._store.insert(enforcement)
        for instance in self._store.update([record.instance for record in records], "status"):
            self._finish(instance)

    def _finish(self, instance: TriggerInstance) -> None:
        """Write the status of an instance that somebody else has written meanwhile, as long as it waits."""
        stale = [instance]
        while stale:
            stored = self._store.get(TriggerInstance, instance.id)
            if stored is None or stored.status != PENDING:
                return
            stored.status = instance.status
            stale = self._store.update([stored], "status")

    def _run(self) -> None:
        while self._begun.wait() and not (self._stopping.is_set() and not self._waiting):
            self._hurry.wait(LINGER)
            with self._lock:
                records, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                if not self._waiting:
                    self._begun.clear()
                    self._hurry.clear()
                if self._stopping.is_set():
                    self._begun.set()
                    self._hurry.set()
            self._settle(records)

    def _settle(self, records: list[Record]) -> None:
        """Write records, all at once or, if one of them is refused, each by itself; give up when the engine stops."""
        while True:
            try:
                self.write(records)
                written = True
            except StoreUnavailable as error:
                logger.warning(
                    "What became of %d trigger instances is not written yet: %s", len(records), error.message
                )
                if not self._stopping.wait(RETRY_INTERVAL):
                    continue
                written = False
            except Exception:
                if len(records) > 1:
                    for record in records:
                        self._settle([record])
                    return
                logger.exception("What became of trigger instance %s cannot be written.", records[0].instance.id)
                written = True
            break
        for record in records:
            record.done(written)
