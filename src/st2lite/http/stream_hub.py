"""Spreads what happens to all stream clients of a process: one subscription on the bus, a bounded queue per client.

It subscribes while there are clients: nobody pays for events that nobody sees. The hub never waits for a client. One
that reads too slowly is dropped, and its browser or bot connects again.
"""

from __future__ import annotations

import contextlib
import fnmatch
import logging
import queue
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from st2lite.executions.queries import with_result
from st2lite.http.stream_events import KINDS, Event, Views, events_of
from st2lite.messaging.contract import Bus, Stoppable
from st2lite.messaging.messages import ExecutionFinished, Message
from st2lite.models import statuses
from st2lite.models.errors import St2liteError
from st2lite.models.execution import Execution
from st2lite.storage.contract import Store

log = logging.getLogger(__name__)

DEFAULT_EVENTS = (
    "st2.announcement__*",
    "st2.execution__create",
    "st2.execution__update",
    "st2.execution__delete",
    "st2.liveaction__create",
    "st2.liveaction__update",
    "st2.liveaction__delete",
)
LINGER_SECONDS = 10.0
"""How long the subscription outlives the last client; a browser that reconnects finds it still there."""

QUEUE_SIZE = 1000
"""Events that may wait for one client before it is dropped."""


@dataclass(frozen=True)
class Filter:
    """Which events a client wants: names as shell globs; empty `action_refs` and `execution_ids` mean any."""

    events: tuple[str, ...] = DEFAULT_EVENTS
    action_refs: tuple[str, ...] = ()
    execution_ids: tuple[str, ...] = ()


class Client:
    """The queue of one client."""

    def __init__(self, wanted: Filter, size: int = QUEUE_SIZE) -> None:
        self._names = re.compile("|".join(fnmatch.translate(glob) for glob in wanted.events))
        self._known_names: dict[str, bool] = {}
        self._action_refs = frozenset(wanted.action_refs)
        self._execution_ids = frozenset(wanted.execution_ids)
        self._queue: queue.Queue[Event | None] = queue.Queue(size)
        self._ended = False

    def wants(self, event: Event) -> bool:
        """Tell whether an event passes the filter."""
        if self._action_refs and event.action_ref not in self._action_refs:
            return False
        if self._execution_ids and event.execution_id not in self._execution_ids:
            return False
        wanted = self._known_names.get(event.name)
        if wanted is None:
            wanted = self._names.match(event.name) is not None
            if len(self._known_names) < QUEUE_SIZE:
                self._known_names[event.name] = wanted
        return wanted

    def put(self, event: Event) -> bool:
        """Queue an event; False if there is no more room."""
        try:
            self._queue.put_nowait(event)
        except queue.Full:
            return False
        return True

    def end(self) -> None:
        """Wake the reader and let it find that there is nothing more to come."""
        self._ended = True
        with contextlib.suppress(queue.Full):  # full: it has something to wake up for
            self._queue.put_nowait(None)

    @property
    def ended(self) -> bool:
        """Whether the client was dropped or the hub was stopped."""
        return self._ended

    def next(self, timeout: float) -> Event | None:
        """Wait for the next event; None after `timeout` seconds without one, and when the stream has `ended`."""
        try:
            return self._queue.get(timeout=timeout)
        except queue.Empty:
            return None


class StreamHub:
    """Holds the clients of one process; `stop` it to end their streams."""

    def __init__(self, bus: Bus, store: Store, views: Views) -> None:
        self._bus = bus
        self._store = store
        self._views = views
        self._lock = threading.Lock()
        self._clients: tuple[Client, ...] = ()
        self._subscription: Stoppable | None = None
        self._timer: threading.Timer | None = None
        self._stopped = False

    def stop(self) -> None:
        """End all streams and take no new ones."""
        with self._lock:
            self._stopped = True
            clients, self._clients = self._clients, ()
        self._unsubscribe()
        for client in clients:
            client.end()

    def open(self, wanted: Filter) -> Client:
        """Begin to collect events for a client; `close` it in the end."""
        client = Client(wanted)
        with self._lock:
            if self._stopped:
                client.end()
            else:
                if self._subscription is None:
                    self._subscription = self._bus.subscribe(KINDS, self._spread)
                self._clients = (*self._clients, client)
        return client

    def close(self, client: Client) -> None:
        """Forget a client; harmless to repeat."""
        with self._lock:
            self._clients = tuple(other for other in self._clients if other is not client)
            if not self._clients and not self._stopped and self._timer is None:
                self._timer = threading.Timer(LINGER_SECONDS, self._unsubscribe)
                self._timer.daemon = True
                self._timer.start()

    def events_of_end(self, execution: Execution) -> Iterator[Event]:
        """The events of the end of an execution, as they were when it ended."""
        return events_of(ExecutionFinished(execution), self._views, self._complete)

    @property
    def size(self) -> int:
        """How many clients there are."""
        return len(self._clients)

    def _unsubscribe(self) -> None:
        """Stop listening to the bus unless there are clients again."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._clients or self._subscription is None:
                return
            subscription, self._subscription = self._subscription, None
        subscription.stop()

    def _spread(self, message: Message) -> None:
        clients = self._clients
        if not clients:
            return
        for event in events_of(message, self._views, self._complete):
            takers = [client for client in clients if client.wants(event)]
            if not takers:
                continue
            try:
                _ = event.frame  # made here, where it is made once, and not by the thread of some client
            except St2liteError as error:
                log.warning("An event %s is not streamed: %s", event.name, error.message)
                continue
            for client in takers:
                if not client.put(event):
                    log.warning("A stream client reads too slowly and is dropped; it may connect again.")
                    self.close(client)
                    client.end()

    def _complete(self, execution: Execution) -> Execution:
        """Messages leave out large results: fetch them once somebody wants to see them."""
        return with_result(self._store, execution) if execution.status in statuses.COMPLETED else execution
