"""The bus within one process: messages travel as objects, nothing is encoded and nothing polls.

Why this is not kombu's in-process transport: `docs/adr/0004-in-process-bus.md`. Queues live as long as the process;
what was in them when it ended is found again in the store (a message is a hint, the document is the truth).
"""

from __future__ import annotations

import copy
import itertools
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from st2lite.messaging.contract import QUEUES, Acknowledge, Queue, Stoppable
from st2lite.messaging.delivery import hand_to_consumer, hand_to_subscriber, once
from st2lite.messaging.messages import Message, topic_of
from st2lite.models.document import Document
from st2lite.models.errors import BusUnavailable


def detach(message: Message) -> Message:
    """A copy that shares nothing with the original that its owner goes on changing.

    Documents are copied, and their lists and mappings one level deep: that is as deep as anyone changes them in place.
    """
    twin = copy.copy(message)
    for name in twin.__struct_fields__:
        value = getattr(twin, name)
        if isinstance(value, Document):
            setattr(twin, name, _detach_document(value))
    return twin


def _detach_document(document: Document) -> Document:
    twin = copy.copy(document)
    for name in twin.__struct_fields__:
        value: Any = getattr(twin, name)
        if type(value) is list or type(value) is dict:
            setattr(twin, name, value.copy())
    return twin


class _Worker:
    """A thread that hands the objects put into its inbox to a function, until it is stopped."""

    def __init__(self, name: str, handle: Callable[[Any], None]) -> None:
        self._inbox: SimpleQueue[Any] = SimpleQueue()
        self._handle = handle
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, item: Any) -> None:
        self._inbox.put(item)

    def stop(self) -> None:
        self._stopped = True
        self._inbox.put(None)
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while True:
            item = self._inbox.get()
            if self._stopped:
                return
            self._handle(item)


class _Consumer:
    """One consumer of a queue: what it holds unacknowledged, and the thread that works it off."""

    def __init__(
        self,
        queue: _WorkQueue,
        handler: Callable[[Message, Acknowledge], None],
        prefetch: int,
        on_stop: Callable[[Stoppable], None],
    ) -> None:
        self.unacknowledged: dict[int, Message] = {}
        self.prefetch = prefetch
        self._queue = queue
        self._handler = handler
        self._on_stop = on_stop
        self._worker = _Worker(f"consume-{queue.name}", self._handle)

    @property
    def has_room(self) -> bool:
        return len(self.unacknowledged) < self.prefetch

    def deliver(self, tag: int, message: Message) -> None:
        self.unacknowledged[tag] = message
        self._worker.put((tag, message))

    def stop(self) -> None:
        self._queue.retire(self)
        self._worker.stop()
        self._queue.take_back(self)
        self._on_stop(self)

    def _handle(self, item: tuple[int, Message]) -> None:
        tag, message = item
        # The queue keeps its own copy: should this consumer stop half-way, the next one gets the message unchanged.
        hand_to_consumer(self._handler, detach(message), once(lambda: self._queue.acknowledge(self, tag)))


class _WorkQueue:
    """Messages in order of arrival, each held by at most one consumer; consumers take turns."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._tags = itertools.count()
        self._backlog: deque[tuple[int, Message]] = deque()
        self._consumers: deque[_Consumer] = deque()

    def publish(self, message: Message) -> None:
        with self._lock:
            self._backlog.append((next(self._tags), message))
            self._dispatch()

    def add(self, consumer: _Consumer) -> None:
        with self._lock:
            self._consumers.append(consumer)
            self._dispatch()

    def acknowledge(self, consumer: _Consumer, tag: int) -> None:
        with self._lock:
            # Nothing to do if the consumer was stopped in the meantime: the message is on its way to another one.
            if consumer.unacknowledged.pop(tag, None) is not None:
                self._dispatch()

    def retire(self, consumer: _Consumer) -> None:
        with self._lock:
            if consumer in self._consumers:
                self._consumers.remove(consumer)

    def take_back(self, consumer: _Consumer) -> None:
        with self._lock:
            self._backlog.extendleft(sorted(consumer.unacknowledged.items(), reverse=True))
            consumer.unacknowledged.clear()
            self._dispatch()

    def _dispatch(self) -> None:
        while self._backlog:
            for _ in range(len(self._consumers)):
                consumer = self._consumers[0]
                self._consumers.rotate(-1)
                if consumer.has_room:
                    consumer.deliver(*self._backlog.popleft())
                    break
            else:
                return


class MemoryBus:
    """A `Bus` for services that share one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queues: dict[str, _WorkQueue] = {}
        # Replaced, never changed in place: `publish` reads them without a lock.
        self._routes: dict[str, tuple[Callable[[Message], None], ...]] = {}
        self._open_consumers: set[Stoppable] = set()
        self._closed = False

    def declare(self) -> None:
        for queue in QUEUES:
            self._queue(queue)

    def publish(self, message: Message) -> None:
        self._check_open()
        routes = self._routes.get(topic_of(message), ())
        if routes:
            twin = detach(message)
            for route in routes:
                route(twin)

    def consume(self, queue: Queue, handler: Callable[[Message, Acknowledge], None], prefetch: int) -> Stoppable:
        self._check_open()
        work = self._queue(queue)
        consumer = _Consumer(work, handler, prefetch, self._open_consumers.discard)
        work.add(consumer)
        self._open_consumers.add(consumer)
        return consumer

    def subscribe(self, kinds: tuple[type[Message], ...], handler: Callable[[Message], None]) -> Stoppable:
        self._check_open()
        subscription = _Subscription(self, kinds, handler, self._open_consumers.discard)
        self._open_consumers.add(subscription)
        return subscription

    def ping(self) -> None:
        self._check_open()

    def close(self) -> None:
        self._closed = True
        while self._open_consumers:
            self._open_consumers.pop().stop()

    def add_route(self, kinds: tuple[type[Message], ...], route: Callable[[Message], None]) -> None:
        """Send messages of these kinds to `route` as well, from now on."""
        with self._lock:
            self._route(kinds, route)

    def remove_route(self, route: Callable[[Message], None]) -> None:
        """Stop sending messages to `route`."""
        with self._lock:
            self._routes = {
                topic: tuple(other for other in routes if other != route) for topic, routes in self._routes.items()
            }

    def _queue(self, queue: Queue) -> _WorkQueue:
        with self._lock:
            work = self._queues.get(queue.name)
            if work is None:
                work = _WorkQueue(queue.name)
                self._route(queue.kinds, work.publish)
                # Last: who finds it here may publish to it at once.
                self._queues[queue.name] = work
            return work

    def _route(self, kinds: tuple[type[Message], ...], route: Callable[[Message], None]) -> None:
        routes = dict(self._routes)
        for topic in map(topic_of, kinds):
            routes[topic] = (*routes.get(topic, ()), route)
        self._routes = routes

    def _check_open(self) -> None:
        if self._closed:
            raise BusUnavailable("The in-process event bus is closed: this process is shutting down.")


class _Subscription:
    """A subscriber and the thread that serves it."""

    def __init__(
        self,
        bus: MemoryBus,
        kinds: tuple[type[Message], ...],
        handler: Callable[[Message], None],
        on_stop: Callable[[Stoppable], None],
    ) -> None:
        self._bus = bus
        self._on_stop = on_stop
        self._worker = _Worker("subscribe", lambda message: hand_to_subscriber(handler, message))
        self._route = self._worker.put
        bus.add_route(kinds, self._route)

    def stop(self) -> None:
        self._bus.remove_route(self._route)
        self._worker.stop()
        self._on_stop(self)
