"""The rules engine: takes trigger instances off the bus, enforces the rules that match, writes that it is done.

A message is acknowledged when the outcome is written, and not before. Whatever dies in between is done again from the
start, by this engine or another: what an instance leads to has ids that are derived from it, so that each step is done
once and repeated without effect.
"""

from __future__ import annotations

import copy
import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

from st2lite.messaging.contract import RULES, Acknowledge, Bus, Stoppable
from st2lite.messaging.messages import Message, TriggerOccurred
from st2lite.models import timestamps
from st2lite.models.errors import InvalidInput, St2liteError, StoreUnavailable
from st2lite.models.rule import RuleEnforcement
from st2lite.models.trigger import PENDING, PROCESSED, PROCESSING_FAILED, TriggerInstance
from st2lite.reactor.enforcement import Enforcer
from st2lite.reactor.facts import Facts
from st2lite.reactor.matching import Matcher, ReadyRule
from st2lite.reactor.records import Record, Records
from st2lite.reactor.throttling import Throttles
from st2lite.storage.contract import Store

logger = logging.getLogger(__name__)

RETRY_INTERVAL = 0.5
"""Seconds between attempts while the store is away."""

PREFETCH = 8
"""Messages per thread that may wait here, half of them for their records to be written."""


class RulesEngine:
    """Works off the queue of trigger instances on `threads` threads.

    An instance that is older than `redispatch_after` seconds may have been dealt with since its message was sent: it is
    read again first.
    """

    def __init__(
        self,
        store: Store,
        bus: Bus,
        matcher: Matcher,
        enforcer: Enforcer,
        throttles: Throttles,
        threads: int,
        redispatch_after: float,
    ) -> None:
        self._store = store
        self._bus = bus
        self._matcher = matcher
        self._enforcer = enforcer
        self._throttles = throttles
        self._threads = threads
        self._redispatch_after = redispatch_after
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="rules")
        self._records = Records(store, threads * PREFETCH // 2)
        self._held: set[str] = set()
        self._stopping = threading.Event()
        self._source: Stoppable | None = None

    def start(self) -> None:
        self._records.start()
        self._source = self._bus.consume(RULES, self._receive, prefetch=self._threads * PREFETCH)

    def stop(self) -> None:
        """Finish what is begun; messages that wait here go back to the queue."""
        self._stopping.set()
        self._pool.shutdown(cancel_futures=True)
        self._records.stop()
        if self._source is not None:
            self._source.stop()

    def submit(self, instance: TriggerInstance) -> Future[bool] | None:
        """Have an instance processed that was just read from the store; the future tells whether it is done with.

        None when the engine stops.
        """
        try:
            return self._pool.submit(self._process_once, instance)
        except RuntimeError:
            return None

    def process(self, instance: TriggerInstance) -> None:
        """Enforce the rules that match an instance and write its final status; may be repeated.

        Raises `StoreUnavailable`, `InvalidInput` if the store refuses the status.
        """
        self._records.write([self._enforced(instance)])

    def _receive(self, message: Message, acknowledge: Acknowledge) -> None:
        if not isinstance(message, TriggerOccurred):
            acknowledge()
            return
        try:
            self._pool.submit(self._handle, message.instance, acknowledge)
        except RuntimeError:  # the pool is shut down: the message stays with the queue
            logger.debug("Trigger instance %s came while the rules engine stops.", message.instance.id)

    def _handle(self, instance: TriggerInstance, acknowledge: Acknowledge) -> None:
        while not self._attempt(instance, acknowledge):
            if self._stopping.wait(RETRY_INTERVAL):
                return

    def _attempt(self, instance: TriggerInstance, acknowledge: Acknowledge) -> bool:
        """Process what a message tells of; False when the store is away, so that it has to be done again."""
        try:
            if self._is_late(instance):
                stored = self._store.get(TriggerInstance, instance.id)
                if stored is None or stored.status != PENDING:
                    acknowledge()
                    return True
                instance = stored
            if instance.id in self._held:
                acknowledge()
            else:
                self._begin(instance, acknowledge)
        except StoreUnavailable as error:
            logger.warning("Trigger instance %s has to wait: %s", instance.id, error.message)
            return False
        except Exception:
            logger.exception("Trigger instance %s cannot be processed; it is tried again later.", instance.id)
            acknowledge()
        return True

    def _begin(self, instance: TriggerInstance, acknowledge: Acknowledge) -> None:
        """Enforce the rules that match an instance; it is done with when that is recorded."""
        self._held.add(instance.id)
        try:
            record = self._enforced(instance)
        except BaseException:
            self._held.discard(instance.id)
            raise
        record.done = lambda written: self._let_go(instance, acknowledge, written)
        self._records.add(record)

    def _let_go(self, instance: TriggerInstance, acknowledge: Acknowledge, written: bool) -> None:
        self._held.discard(instance.id)
        try:
            if written:
                acknowledge()
        except Exception:
            logger.exception("The message about trigger instance %s is not acknowledged: it comes again.", instance.id)

    def _process_once(self, instance: TriggerInstance) -> bool:
        if instance.id in self._held:
            return False
        self._held.add(instance.id)
        try:
            self.process(instance)
        finally:
            self._held.discard(instance.id)
        return True

    def _is_late(self, instance: TriggerInstance) -> bool:
        return instance.occurrence_time < timestamps.from_epoch(time.time() - self._redispatch_after)

    def _enforced(self, instance: TriggerInstance) -> Record:
        """Enforce the rules that match; return what is to be recorded of that."""
        try:
            matches = self._matcher.match(instance)
        except StoreUnavailable:
            raise
        except Exception as error:
            reason = error.message if isinstance(error, St2liteError) else ""
            logger.exception("The rules could not be held against trigger instance %s. %s", instance.id, reason)
            return _record(instance, PROCESSING_FAILED, [])
        enforcements = [self._enforcer.failure(rule, instance, reason) for rule, reason in matches.faults]
        status = PROCESSED
        for ready in matches.rules:
            try:
                enforcements += self._enforced_by(ready, instance, matches.facts)
            except StoreUnavailable:
                raise
            except Exception:  # which must not keep other rules from their turn
                logger.exception("Rule %s could not be enforced for trigger instance %s.", ready.rule.ref, instance.id)
                status = PROCESSING_FAILED
        return _record(instance, status, enforcements)

    def _enforced_by(self, ready: ReadyRule, instance: TriggerInstance, facts: Facts) -> list[RuleEnforcement]:
        """Enforce a rule; return what of that is not recorded yet."""
        if ready.throttle is None:
            return [self._enforcer.request(ready.rule, instance)]
        try:
            self._throttles.handle(ready.rule, ready.throttle, instance, facts)
        except InvalidInput as error:
            return [self._enforcer.failure(ready.rule, instance, error.message)]
        return []


def _record(instance: TriggerInstance, status: str, enforcements: list[RuleEnforcement]) -> Record:
    instance = copy.copy(instance)
    instance.status = status
    return Record(instance, enforcements)
