#!/usr/bin/python
"""Which processes listen on which TCP addresses, read from /proc: a bare host has neither ss nor netstat."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
---
module: listening_ports
short_description: List what listens on TCP ports
description:
  - Reads the tables of the kernel; needs no program on the host. Changes nothing.
  - Only root sees whose they are; a socket that no visible process has open is held by C(unknown).
options: {}
author:
  - The st2lite authors
"""

EXAMPLES = r"""
- name: See what listens
  listening_ports:
  register: __listening
"""

RETURN = r"""
listeners:
  description: One entry for each pair of address and port.
  returned: always
  type: list
  elements: dict
  sample:
    - address: 127.0.0.1
      port: 5672
      loopback: true
      processes: [beam.smp]
"""

_LISTEN = "0A"


def listeners() -> list[dict[str, Any]]:
    """Address, port, loopback and processes of each listener, ordered by port and address."""
    sockets = {inode: key for table in ("tcp", "tcp6") for inode, key in _listening(f"/proc/net/{table}")}
    names: dict[tuple[int, str], set[str]] = {key: set() for key in sockets.values()}
    for inode, name in _holders(set(sockets)):
        names[sockets[inode]].add(name)
    return [
        {
            "address": address,
            "port": port,
            "loopback": _is_loopback(address),
            "processes": sorted(held_by) or ["unknown"],
        }
        for (port, address), held_by in sorted(names.items())
    ]


def _listening(table: str) -> Iterator[tuple[str, tuple[int, str]]]:
    """Inode, port and address of each listening socket of one table; nothing if the kernel has no such table."""
    try:
        rows = [line.split() for line in Path(table).read_text(encoding="ascii").splitlines()[1:]]
    except FileNotFoundError:
        return
    for row in rows:
        if row[3] == _LISTEN:
            address, port = row[1].split(":")
            yield row[9], (int(port, 16), _readable(address))


def _readable(address: str) -> str:
    # The kernel prints words of four bytes, each in the order of the machine.
    raw = b"".join(int(address[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(address), 8))
    return str(ipaddress.ip_address(raw))


def _is_loopback(address: str) -> bool:
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        return ip.ipv4_mapped.is_loopback
    return ip.is_loopback


def _holders(inodes: set[str]) -> Iterator[tuple[str, str]]:
    """Each of the sockets with the name of a process that has it open."""
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            held = {_inode(descriptor) for descriptor in (process / "fd").iterdir()} & inodes
            name = (process / "comm").read_text(encoding="utf-8", errors="replace").strip() if held else ""
        except OSError:
            continue  # it ended, or belongs to somebody else
        yield from ((inode, name) for inode in held)


def _inode(descriptor: Path) -> str | None:
    try:
        target = str(descriptor.readlink())
    except OSError:
        return None  # closed meanwhile
    return target[len("socket:[") : -1] if target.startswith("socket:[") else None


def main() -> None:
    """Run as a module of Ansible."""
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    module.exit_json(changed=False, listeners=listeners())


if __name__ == "__main__":
    main()
