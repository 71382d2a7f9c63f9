"""Connecting to RabbitMQ: addresses, TLS, and how long to wait between attempts."""

from __future__ import annotations

import logging
import random
import ssl
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import amqp
from kombu.connection import Connection

from st2lite.models.errors import ConfigError

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
EXCHANGE = "st2.st2lite"
FAILURES = (OSError, amqp.AMQPError)
"""What a broken connection raises, and a broker that refuses."""

_FIRST_WAIT, _LONGEST_WAIT = 0.1, 5.0


class Broker:
    """Where the broker is. `urls` are tried in turn; `ca_certs` is a file of authorities (None: the system's own)."""

    def __init__(self, urls: Sequence[str], tls: bool = False, ca_certs: str | None = None) -> None:
        self._urls = tuple(urls)
        self._tls = tls
        self._ca_certs = ca_certs
        for url in self._urls:
            if url.partition("://")[0] not in ("amqp", "amqps"):
                raise ConfigError("[messaging] cluster_urls: every URL must start with amqp:// or amqps://.")
            _check(url)

    @property
    def name(self) -> str:
        """The addresses for logs, without passwords."""
        return ", ".join(str(_client(url).as_uri()) for url in self._urls)

    def connect(self, timeout: float, heartbeat: float = 0) -> amqp.Connection:
        """Open a connection to the first node that accepts; raise one of `FAILURES` when none does.

        `timeout` (seconds) bounds each later wait for the broker; `heartbeat` 0 leaves finding dead peers to TCP.
        """
        for number, url in enumerate(self._urls, 1):
            try:
                connection = self._connect_to(url, heartbeat)
            except FAILURES:
                if number == len(self._urls):
                    raise
            else:
                connection.sock.settimeout(timeout)
                return connection
        raise OSError("no URL of a broker is configured")

    def _connect_to(self, url: str, heartbeat: float) -> amqp.Connection:
        options: dict[str, Any] = {}
        if self._tls or url.startswith("amqps://"):
            # kombu puts the host of the URL in place of None, so that the certificate is checked against it.
            options["ssl"] = {
                "cert_reqs": ssl.CERT_REQUIRED,
                "ca_certs": self._ca_certs,
                "server_hostname": None,
                "tls_minimum_version": ssl.TLSVersion.TLSv1_2,
            }
        client = _client(url, connect_timeout=CONNECT_SECONDS, heartbeat=heartbeat, **options)
        return client.transport.establish_connection()


def _client(url: str, **options: Any) -> Connection:
    return Connection(url, **options)  # type: ignore[no-untyped-call]


class Backoff:
    """Seconds to wait before the next attempt: more each time, never in step with other processes."""

    def __init__(self) -> None:
        self._next = _FIRST_WAIT

    def reset(self) -> None:
        self._next = _FIRST_WAIT

    def next(self) -> float:
        wait = self._next * random.uniform(0.7, 1.3)
        self._next = min(self._next * 2, _LONGEST_WAIT)
        return wait


def _declare_exchange(channel: amqp.Channel) -> None:
    channel.exchange_declare(EXCHANGE, "topic", durable=True, auto_delete=False)


def declare_queue(channel: amqp.Channel, name: str, topics: Sequence[str]) -> None:
    """Make sure that the exchange and a durable queue for these topics exist."""
    _declare_exchange(channel)
    channel.queue_declare(name, durable=True, auto_delete=False)
    for topic in topics:
        channel.queue_bind(name, EXCHANGE, topic)


def declare_subscription(channel: amqp.Channel, topics: Sequence[str], most: int) -> str:
    """Make a queue that lives as long as the connection and keeps at most `most` messages; return its name."""
    _declare_exchange(channel)
    arguments = {"x-max-length": most}
    name = channel.queue_declare("", exclusive=True, auto_delete=True, arguments=arguments).queue
    for topic in topics:
        channel.queue_bind(name, EXCHANGE, topic)
    return str(name)


def _check(url: str) -> None:
    """Raise `ConfigError` for a URL with a faulty host or port. The URL holds a password: it is not repeated."""
    try:
        _ = urlsplit(url).port
    except ValueError as error:
        raise ConfigError(f"[messaging] url: {error}; write amqp://user:password@host:5672/vhost.") from None
