"""Free ports for servers that cannot choose one themselves, or that need the same one again after a restart.

The kernel never gives these ports to anybody who asks for just any port. One that it had chosen could, between the
question and the start of the server or while that is down, become the near end of somebody's connection.
"""

from __future__ import annotations

import itertools
import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path

_FIRST = 10_240
_WORKERS = 64
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listens on at the moment, at any address; none is given twice by one process."""
    return list(itertools.islice(filter(_is_free, _ports), count))


def _own_ports() -> Iterator[int]:
    """Ports that the kernel gives to nobody, those of this worker of pytest: those of others it gives out itself."""
    least, most = map(int, _RANGE.read_text().split())
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    ours = [*range(_FIRST, least), *range(most + 1, 65536)] or range(_FIRST, 65536)
    own = [port for port in ours if port % _WORKERS == worker % _WORKERS]
    start = random.randrange(len(own))
    return itertools.cycle(own[start:] + own[:start])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True


_ports = _own_ports()
