"""What listens, and where."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from testinfra.host import Host


def _listeners(host: Host, protocol: str) -> set[tuple[str, int]]:
    """Address and port of each listener; `*` is every address."""
    found = set()
    for line in host.check_output(f"ss -H --listening --numeric --{protocol}").splitlines():
        address, _, port = line.split()[3].rpartition(":")
        found.add((address.strip("[]").partition("%")[0], int(port)))
    return found


def _is_loopback(address: str) -> bool:
    return address != "*" and ip_address(address).is_loopback


def test_port(host: Host, ports_row: dict[str, Any]) -> None:
    addresses = {address for address, port in _listeners(host, "tcp") if port == ports_row["port"]}
    assert addresses
    if ports_row.get("world"):
        assert addresses & {"*", "0.0.0.0"}
    else:
        assert {address for address in addresses if not _is_loopback(address)} == set()


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_nothing_else_listens_to_the_world(host: Host, target: dict[str, Any], protocol: str) -> None:
    world = {row["port"] for row in target["ports"] if row.get("world")} if protocol == "tcp" else set()
    reachable = {(address, port) for address, port in _listeners(host, protocol) if not _is_loopback(address)}
    assert {listener for listener in reachable if listener[1] not in world} == set()
