"""The bus on RabbitMQ: one topic exchange, durable queues, and a queue of its own for each subscription."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import amqp
import msgspec

from st2lite.messaging.amqp_connection import EXCHANGE, Broker, declare_queue, declare_subscription
from st2lite.messaging.amqp_publisher import Publisher
from st2lite.messaging.amqp_receiver import Deliver, Receiver
from st2lite.messaging.codec import decode, encode
from st2lite.messaging.contract import QUEUES, Acknowledge, Queue, Stoppable
from st2lite.messaging.delivery import hand_to_consumer, hand_to_subscriber, once
from st2lite.messaging.messages import Message, topic_of

log = logging.getLogger(__name__)

_PING_SECONDS = 3.0
_SUBSCRIPTION_BACKLOG = 10_000


class AmqpBus:
    """A `Bus` for services in processes and on hosts of their own. Connects at first use; `timeout` is in seconds."""

    def __init__(self, broker: Broker, timeout: float = 10.0) -> None:
        self._broker = broker
        self._timeout = timeout
        # Queues are declared on each new connection: even a broker that lost everything keeps the first message.
        self._publisher = Publisher(broker, timeout, _declare_all)
        self._prober = Publisher(broker, min(timeout, _PING_SECONDS), _declare_all)
        # A receiver lives as long as its thread: one that was stopped leaves nothing here.
        self._receivers: weakref.WeakSet[Receiver] = weakref.WeakSet()

    def declare(self) -> None:
        self._publisher.call(_declare_all)

    def publish(self, message: Message) -> None:
        self._publisher.publish(topic_of(message), encode(message), message.durable)

    def consume(self, queue: Queue, handler: Callable[[Message, Acknowledge], None], prefetch: int) -> Stoppable:
        def set_up(channel: amqp.Channel, deliver: Deliver) -> None:
            declare_queue(channel, queue.name, _topics(queue.kinds))
            channel.basic_qos(0, prefetch, False)
            channel.basic_consume(queue.name, callback=deliver)

        def handle(delivery: Any, acknowledge: Acknowledge) -> None:
            acknowledge = once(acknowledge)
            message = _decode(delivery)
            if message is None:
                acknowledge()
            else:
                hand_to_consumer(handler, message, acknowledge)

        return self._receive(f"consume-{queue.name}", set_up, handle)

    def subscribe(self, kinds: tuple[type[Message], ...], handler: Callable[[Message], None]) -> Stoppable:
        def set_up(channel: amqp.Channel, deliver: Deliver) -> None:
            name = declare_subscription(channel, _topics(kinds), _SUBSCRIPTION_BACKLOG)
            channel.basic_consume(name, no_ack=True, exclusive=True, callback=deliver)

        def handle(delivery: Any, _acknowledge: Acknowledge) -> None:
            message = _decode(delivery)
            if message is not None:
                hand_to_subscriber(handler, message)

        return self._receive("subscribe", set_up, handle)

    def ping(self) -> None:
        self._prober.call(lambda channel: channel.exchange_declare(EXCHANGE, "topic", passive=True))

    def close(self) -> None:
        for receiver in list(self._receivers):
            receiver.stop()
        self._publisher.close()
        self._prober.close()

    def _receive(
        self, name: str, set_up: Callable[[amqp.Channel, Deliver], None], handle: Callable[[Any, Acknowledge], None]
    ) -> Receiver:
        receiver = Receiver(self._broker, name, set_up, handle)
        self._receivers.add(receiver)
        if not receiver.wait_until_connected(self._timeout):
            log.warning("%s: no broker at %s yet; receiving begins as soon as it is there", name, self._broker.name)
        return receiver


def _declare_all(channel: amqp.Channel) -> None:
    for queue in QUEUES:
        declare_queue(channel, queue.name, _topics(queue.kinds))


def _topics(kinds: Sequence[type[Message]]) -> list[str]:
    return [topic_of(kind) for kind in kinds]


def _decode(delivery: Any) -> Message | None:
    try:
        return decode(delivery.body)
    except (msgspec.MsgspecError, RecursionError) as error:
        log.error("A message that this release does not understand is given up: %s", error)
        return None
