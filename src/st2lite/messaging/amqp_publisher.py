"""Publishing to RabbitMQ, with confirms.

A publisher keeps a few connections and gives each thread the one used last, so that one busy thread keeps to one
connection and several never wait for each other's confirms. These connections have no heartbeat and no thread of their
own: a dead one shows itself at the next message, which is then sent again on a new one.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import amqp

from st2lite.messaging.amqp_connection import EXCHANGE, FAILURES, Backoff, Broker
from st2lite.models.errors import BusUnavailable

log = logging.getLogger(__name__)

_CONNECTIONS = 4
_QUIET_SECONDS = 1.0
_PERSISTENT, _TRANSIENT = 2, 1


class _Line:
    """One connection with two channels: one on which every message is confirmed, one on which none is."""

    def __init__(self, broker: Broker, timeout: float, prepare: Callable[[amqp.Channel], None]) -> None:
        self._timeout = timeout
        self._connection = broker.connect(timeout)
        self.plain = self._connection.channel()
        prepare(self.plain)
        self._confirming = self._connection.channel()
        self._confirming.confirm_select()
        self._confirming._confirm_selected = True  # what the library itself keeps, so that it does not ask again

    def send(self, topic: str, body: bytes, durable: bool) -> None:
        message = amqp.Message(
            body,
            content_type="application/json",
            content_encoding="utf-8",
            delivery_mode=_PERSISTENT if durable else _TRANSIENT,
        )
        if durable:
            self._confirming.basic_publish_confirm(message, EXCHANGE, topic, confirm_timeout=self._timeout)
        else:
            self.plain.basic_publish(message, EXCHANGE, topic)

    def close(self) -> None:
        self._connection.collect()

    def close_politely(self) -> None:
        with contextlib.suppress(*FAILURES):
            self._connection.close()
        self.close()


class Publisher:
    """Sends messages for any number of threads. `prepare` is called with a channel of each new connection."""

    def __init__(self, broker: Broker, timeout: float, prepare: Callable[[amqp.Channel], None]) -> None:
        self._broker = broker
        self._prepare = prepare
        self._timeout = timeout
        self._slots = threading.BoundedSemaphore(_CONNECTIONS)
        self._idle: list[_Line] = []
        self._quiet_until = 0.0
        self._away = False
        self._asking = threading.Lock()
        self._closing = threading.Event()

    def publish(self, topic: str, body: bytes, durable: bool) -> None:
        """Send one message. A durable one is confirmed on return, or `BusUnavailable` is raised; others can be lost."""
        if durable:
            self._run(lambda line: line.send(topic, body, True))
        elif time.monotonic() >= self._quiet_until:
            try:
                self._attempt(lambda line: line.send(topic, body, False))
            except FAILURES as error:
                # Whoever publishes must not wait for a broker that is away: be quiet for a moment, then try again.
                self._quiet_until = time.monotonic() + _QUIET_SECONDS
                log.debug("A message of topic %s was dropped: %s", topic, error)

    def call(self, function: Callable[[amqp.Channel], Any]) -> None:
        """Let `function` talk to the broker on a channel; it may be called again after a lost connection."""
        self._run(lambda line: function(line.plain))

    def close(self) -> None:
        """Close the connections that nobody uses, and make `publish` fail from now on."""
        self._closing.set()
        while (line := self._take_idle()) is not None:
            line.close_politely()

    def _run(self, use: Callable[[_Line], None]) -> None:
        """Let `use` have a line, again and again until the time is up; raise `BusUnavailable`.

        Once somebody has waited in vain, one at a time tries, and once: what is not sent now is sent by the backup
        scheduler later, and a service whose threads all wait could not even answer what needs no broker.
        """
        if not self._away:
            self._persist(use)
        elif self._asking.acquire(blocking=False):
            try:
                self._persist(use)
            finally:
                self._asking.release()
        else:
            raise BusUnavailable(f"The message broker at {self._broker.name} does not answer.")

    def _persist(self, use: Callable[[_Line], None]) -> None:
        deadline = time.monotonic() + self._timeout
        backoff = Backoff()
        while True:
            try:
                self._attempt(use)
                self._away = False
                return
            except FAILURES as error:
                wait = backoff.next()
                if self._away or time.monotonic() + wait >= deadline or self._closing.wait(wait):
                    self._away = True
                    raise BusUnavailable(
                        f"The message broker at {self._broker.name} does not answer: {error}"
                    ) from error

    def _attempt(self, use: Callable[[_Line], None]) -> None:
        if self._closing.is_set():
            raise BusUnavailable("The event bus is closed: this process is shutting down.")
        if not self._slots.acquire(timeout=self._timeout):
            raise TimeoutError("too many messages wait for confirmation")
        try:
            self._use_line(use)
        finally:
            self._slots.release()

    def _use_line(self, use: Callable[[_Line], None]) -> None:
        idle = self._take_idle()
        fresh = idle is None
        line = _Line(self._broker, self._timeout, self._prepare) if idle is None else idle
        try:
            use(line)
        except BaseException as error:
            line.close()
            if fresh or not isinstance(error, FAILURES) or isinstance(error, TimeoutError):
                raise
            # It went stale while idle, as the others will have: start afresh at once.
            while (stale := self._take_idle()) is not None:
                stale.close()
            self._use_line(use)
        else:
            self._idle.append(line)
            if self._closing.is_set():
                self.close()  # which came while this line was in use

    def _take_idle(self) -> _Line | None:
        """The line used last; None if there is none. Other threads take lines, too: look and take are one step."""
        try:
            return self._idle.pop()
        except IndexError:
            return None
