"""Opening a bus by its URL."""

from __future__ import annotations

from collections.abc import Sequence

from st2lite.messaging.contract import Bus
from st2lite.models.errors import ConfigError


def open_bus(
    url: str,
    cluster_urls: Sequence[str] = (),
    tls: bool = False,
    ca_certs: str | None = None,
    confirm_timeout: float = 10.0,
) -> Bus:
    """Open `memory://` (this process alone) or `amqp://` / `amqps://` (RabbitMQ); call it after forking.

    The other arguments are those of section `[messaging]` and mean nothing to `memory://`. Connections are made at
    first use. Raises `ConfigError` for any other URL.
    """
    scheme = url.partition("://")[0]
    if scheme == "memory":
        from st2lite.messaging.memory import MemoryBus

        return MemoryBus()
    if scheme in ("amqp", "amqps"):
        from st2lite.messaging.amqp import AmqpBus
        from st2lite.messaging.amqp_connection import Broker

        return AmqpBus(Broker(cluster_urls or (url,), tls, ca_certs), confirm_timeout)
    raise ConfigError(
        f'[messaging] url: "{scheme}" is not a bus; write amqp://user:password@host:5672/vhost or memory://'
    )
