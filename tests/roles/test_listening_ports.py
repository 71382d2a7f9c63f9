"""The module that names what listens, against sockets of this very process."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.roles.modules import load

_ports = load("preflight/library/listening_ports.py")


@pytest.mark.parametrize(
    ("family", "address", "loopback"),
    [
        (socket.AF_INET, "127.0.0.1", True),
        (socket.AF_INET, "0.0.0.0", False),
        (socket.AF_INET6, "::1", True),
        (socket.AF_INET6, "::", False),
    ],
)
def test_a_listening_socket_is_found_with_its_process(family: int, address: str, loopback: bool) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.bind((address, 0))
        listener.listen()
        port = listener.getsockname()[1]
        found = [entry for entry in _ports.listeners() if entry["port"] == port]
    name = Path("/proc/self/comm").read_text().strip()
    assert found == [{"address": address, "port": port, "loopback": loopback, "processes": [name]}]


def test_a_socket_that_does_not_listen_is_not_named() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        assert port not in [entry["port"] for entry in _ports.listeners()]
