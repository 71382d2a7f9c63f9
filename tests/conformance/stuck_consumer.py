"""A process that takes messages and never acknowledges them: the test kills it."""

from __future__ import annotations

import os
import threading

from st2lite.messaging.contract import WORK, Acknowledge
from st2lite.messaging.messages import Message, WorkRequested
from st2lite.messaging.open import open_bus


def handle(message: Message, acknowledge: Acknowledge) -> None:
    assert isinstance(message, WorkRequested)
    print(message.execution.id, flush=True)


open_bus(os.environ["BUS_URL"]).consume(WORK, handle, prefetch=2)
threading.Event().wait()
