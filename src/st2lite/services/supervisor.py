"""Telling the init system that started this process how it fares (sd_notify(3))."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import MutableMapping

logger = logging.getLogger(__name__)

_ADDRESS = "NOTIFY_SOCKET"


class Supervisor:
    """Who waits for word of this process; without an address nobody does, and nothing is said.

    A service counts as started when it serves, or when all it lacks is a database or broker: those may come much later,
    and whoever starts the services of a host must not be kept waiting for them.
    """

    def __init__(self, address: str = "") -> None:
        self._address = f"\0{address[1:]}" if address.startswith("@") else address

    def ready(self, status: str = "Ready.") -> None:
        """Say that the service is up, and what people are shown about it."""
        self._tell(f"READY=1\nSTATUS={_line(status)}")

    def show(self, status: str) -> None:
        """Say what people are shown about the service."""
        self._tell(f"STATUS={_line(status)}")

    def up(self) -> None:
        """Say that the service is up, whatever people are shown about it."""
        self._tell("READY=1")

    def stopping(self) -> None:
        """Say that the service is on its way out."""
        self._tell("STOPPING=1\nSTATUS=Stopping.")

    def _tell(self, text: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
                channel.sendto(text.encode(), self._address)
        except OSError as error:
            logger.warning("The init system cannot be told of this service: %s.", error.strerror)


def take_supervisor(environ: MutableMapping[str, str] = os.environ) -> Supervisor:
    """Return who waits for word of this process, and keep it from the actions and sensors that the process starts."""
    return Supervisor(environ.pop(_ADDRESS, ""))


def _line(text: str) -> str:
    return " ".join(text.split())
