"""Sockets that the init system opened for this process (sd_listen_fds(3)): clients wait in them during a restart."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import MutableMapping, Sequence

log = logging.getLogger(__name__)

Address = tuple[str, int]
"""Host and port."""

_FIRST = 3
_COUNT, _PID, _NAMES = "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"


def inherited_listeners(environ: MutableMapping[str, str] = os.environ) -> list[socket.socket]:
    """Return the listening sockets handed to this process, if any, and take word of them out of the environment.

    The processes that it starts inherit neither.
    """
    count, pid, _ = (environ.pop(name, "") for name in (_COUNT, _PID, _NAMES))
    if not count.isdigit() or pid != str(os.getpid()):
        return []
    return [_adopt(number) for number in range(_FIRST, _FIRST + int(count))]


def address_in_use(name: str, configured: Address, listeners: Sequence[socket.socket]) -> Address:
    """Where a service answers: at the sockets it was handed, else at the configured address.

    They are written in two places, so a difference is told.
    """
    if not listeners:
        return configured
    host, port = listeners[0].getsockname()[:2]
    if (host, port) != configured:
        log.warning(
            "%s listens on %s:%d, which the init system opened for it, not on %s:%d of st2.conf. "
            "Change %s.socket to have another address.", name, host, port, *configured, name,
        )  # fmt: skip
    return str(host), int(port)


def _adopt(number: int) -> socket.socket:
    os.set_inheritable(number, False)
    listener = socket.socket(fileno=number)
    with contextlib.suppress(OSError):  # a socket of another kind has no such thing
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
