"""Receiving from RabbitMQ: one thread and one connection per consumer or subscription.

The thread sleeps until the socket has something to read. Other threads acknowledge on the same connection; a lock keeps
their writes apart from the reads, which are short because the thread reads only what has arrived.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

import amqp

from st2lite.messaging.amqp_connection import FAILURES, Backoff, Broker

log = logging.getLogger(__name__)

HEARTBEAT = 30.0
_READ_SECONDS = 5.0

Deliver = Callable[[Any], None]


class Receiver:
    """Receives until it is stopped, over as many connections as it takes.

    `set_up(channel, deliver)` declares what is to be consumed and starts it; `handle(delivery, acknowledge)` is called
    on the receiver's thread. Acknowledging may happen on any thread; after a lost connection it does nothing, and the
    broker delivers the message again.
    """

    def __init__(
        self,
        broker: Broker,
        name: str,
        set_up: Callable[[amqp.Channel, Deliver], None],
        handle: Callable[[Any, Callable[[], None]], None],
    ) -> None:
        self._broker = broker
        self._name = name
        self._set_up = set_up
        self._handle = handle
        self._lock = threading.Lock()
        self._channel: amqp.Channel | None = None
        self._stopping = threading.Event()
        self._connected = threading.Event()
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def wait_until_connected(self, timeout: float) -> bool:
        """Wait until messages are being received, at most `timeout` seconds; tell whether they are."""
        return self._connected.wait(timeout)

    def stop(self) -> None:
        """Stop receiving; returns when the handler is no longer running."""
        if not self._stopping.is_set():
            self._stopping.set()
            with contextlib.suppress(OSError):  # it has ended by itself, and closed its end
                self._wake_writer.send(b"\0")
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            try:
                self._receive(backoff)
            except Exception as error:  # noqa: BLE001 - whatever broke, the remedy is the same: connect again
                if self._stopping.is_set():
                    break
                if self._connected.is_set() or not isinstance(error, FAILURES):
                    log.warning("%s: lost the broker at %s (%s); trying again", self._name, self._broker.name, error)
                else:
                    log.debug("%s: still no broker at %s (%s)", self._name, self._broker.name, error)
                self._connected.clear()
                self._stopping.wait(backoff.next())
        self._wake_reader.close()
        self._wake_writer.close()

    def _receive(self, backoff: Backoff) -> None:
        arrived: deque[Any] = deque()
        connection = self._broker.connect(_READ_SECONDS, HEARTBEAT)
        try:
            channel = connection.channel()
            self._set_up(channel, arrived.append)
            with self._lock:
                self._channel = channel
            backoff.reset()
            self._connected.set()
            log.debug("%s: receiving from %s", self._name, self._broker.name)
            self._serve(connection, channel, arrived)
            with self._lock:
                self._channel = None
            connection.close()
        finally:
            with self._lock:
                self._channel = None
                connection.collect()

    def _serve(self, connection: amqp.Connection, channel: amqp.Channel, arrived: deque[Any]) -> None:
        beat = (connection.heartbeat or HEARTBEAT) / 4
        next_beat = time.monotonic() + beat
        pending = getattr(connection.sock, "pending", None)  # what TLS has read ahead does not show on the socket
        with selectors.DefaultSelector() as selector:
            selector.register(connection.sock, selectors.EVENT_READ)
            selector.register(self._wake_reader, selectors.EVENT_READ)
            while not self._stopping.is_set():
                if not arrived:
                    ready = selector.select(max(0.0, next_beat - time.monotonic()))
                    if any(key.fileobj is not self._wake_reader for key, _ in ready):
                        self._read(connection, pending)
                while arrived and not self._stopping.is_set():
                    delivery = arrived.popleft()
                    self._handle(delivery, partial(self._acknowledge, channel, delivery.delivery_tag))
                if time.monotonic() >= next_beat:
                    next_beat = time.monotonic() + beat
                    with self._lock:
                        connection.heartbeat_tick()

    def _read(self, connection: amqp.Connection, pending: Callable[[], int] | None) -> None:
        with self._lock:
            try:
                connection.blocking_read()
                while pending is not None and pending():
                    connection.blocking_read()
            except TimeoutError:
                pass  # half a frame; the library keeps it and reads on next time

    def _acknowledge(self, channel: amqp.Channel, tag: int) -> None:
        with self._lock:
            if self._channel is None or self._channel is not channel:
                return
            try:
                channel.basic_ack(tag)
            except FAILURES as error:
                log.debug("%s: could not acknowledge: %s", self._name, error)
                # Nothing more is acknowledged on a broken connection; the reader finds it broken, too.
                self._channel = None
