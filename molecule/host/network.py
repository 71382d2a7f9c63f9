"""The network of a host: a namespace, a pair of interfaces, and address translation to the world.

Host number N has the four addresses from 198.18.0.0 + 4 N on, of the range that is set aside for test beds: the outer
machine's end is the first usable one, the host's the second. Hosts reach each other through the outer machine.
"""

from __future__ import annotations

import ipaddress
import json
import subprocess
from pathlib import Path

from places import HOSTS, run

RANGE = ipaddress.ip_network("198.18.0.0/16")
TABLE = "st2lite_hosts"
INTERFACE = "host0"
_FORWARD = Path("/proc/sys/net/ipv4/ip_forward")
_FORWARD_BEFORE = HOSTS / ".ip_forward"


def addresses(number: int) -> tuple[str, str]:
    """Addresses of the outer machine's end and of the host."""
    network = RANGE.network_address + 4 * number
    return str(network + 1), str(network + 2)


def namespace(name: str) -> str:
    """Name of the network namespace of the host `name`."""
    return f"st2lite-{name}"


def connect(name: str, number: int) -> None:
    """Make namespace, interfaces and translation for a host. Call under the lock of the hosts."""
    outer, inner = addresses(number)
    space, interface = namespace(name), f"st2h{number}"
    _translate()
    run("ip", "netns", "add", space)
    run("ip", "link", "add", interface, "mtu", str(_mtu()), "type", "veth", "peer", INTERFACE, "netns", space)
    run("ip", "address", "add", f"{outer}/30", "dev", interface)
    run("ip", "link", "set", interface, "up")
    run("ip", "-n", space, "link", "set", "lo", "up")
    run("ip", "-n", space, "link", "set", INTERFACE, "mtu", str(_mtu()), "up")
    run("ip", "-n", space, "address", "add", f"{inner}/30", "dev", INTERFACE)
    run("ip", "-n", space, "route", "add", "default", "via", outer)


def disconnect(name: str, number: int | None, last: bool) -> None:
    """Undo `connect`, however far it came; with `last` the translation too. Call under the lock of the hosts."""
    if number is not None:
        _quietly("ip", "link", "delete", f"st2h{number}")
    _quietly("ip", "netns", "delete", namespace(name))
    if last:
        _quietly("nft", "delete", "table", "ip", TABLE)
        if _FORWARD_BEFORE.exists():
            _FORWARD.write_text(_FORWARD_BEFORE.read_text())
            _FORWARD_BEFORE.unlink()


def _translate() -> None:
    if not _FORWARD_BEFORE.exists():
        _FORWARD_BEFORE.write_text(_FORWARD.read_text())
    _FORWARD.write_text("1\n")
    rules = f"""
        table ip {TABLE} {{}}
        delete table ip {TABLE}
        table ip {TABLE} {{
            chain out {{
                type nat hook postrouting priority srcnat
                ip saddr {RANGE} ip daddr != {RANGE} masquerade
            }}
        }}
    """
    run("nft", "-f", "-", stdin=rules)


def _mtu() -> int:
    # The outer way may be narrower than Ethernet, and nothing would tell the host's large packets.
    routes = json.loads(run("ip", "-j", "route", "show", "default"))
    if not routes:
        return 1500
    return int(json.loads(run("ip", "-j", "link", "show", "dev", routes[0]["dev"]))[0]["mtu"])


def _quietly(*command: str) -> None:
    subprocess.run(command, capture_output=True, check=False)
