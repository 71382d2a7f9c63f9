"""Handing messages to handlers: what both transports do alike."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from st2lite.messaging.contract import Acknowledge
from st2lite.messaging.messages import Message, topic_of

log = logging.getLogger(__name__)


def once(acknowledge: Acknowledge) -> Acknowledge:
    """An acknowledgement of which only the first call counts, from whichever thread it comes."""
    first = threading.Lock()

    def acknowledge_once() -> None:
        if first.acquire(blocking=False):
            acknowledge()

    return acknowledge_once


def hand_to_consumer(
    handler: Callable[[Message, Acknowledge], None], message: Message, acknowledge: Acknowledge
) -> None:
    """Call the handler of a queue; if it fails, log why and acknowledge, so that the message does not come back."""
    try:
        handler(message, acknowledge)
    except Exception:
        log.exception("A message of topic %s could not be handled and is given up", topic_of(message))
        acknowledge()


def hand_to_subscriber(handler: Callable[[Message], None], message: Message) -> None:
    """Call the handler of a subscription; if it fails, log why and go on with the next message."""
    try:
        handler(message)
    except Exception:
        log.exception("A subscriber failed on a message of topic %s", topic_of(message))
