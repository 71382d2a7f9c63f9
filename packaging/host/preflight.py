"""Write a line for each thing that stands in the way of an installation: ports in use, addresses out of reach.

    preflight.py [--offline] [NAME=PORT …]

A NAME is that of the process that may hold the PORT. Runs with whichever Python a bare host has; changes nothing.
"""

from __future__ import annotations

import configparser
import os
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_LISTEN = "0A"  # the state in /proc/net/tcp
_INDEX = "https://pypi.org/simple"
_SECONDS = 10


def listening() -> dict[str, int]:
    """Return the ports on which this host listens, by the name that links in /proc/PID/fd give the sockets."""
    found = {}
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            words = line.split()
            if words[3] == _LISTEN:
                found[f"socket:[{words[9]}]"] = int(words[1].rpartition(":")[2], 16)
    return found


def held_ports(wanted: dict[int, str]) -> list[str]:
    """Return a line for each port of `wanted` that is held by a process of another name."""
    sockets = {name: port for name, port in listening().items() if port in wanted}
    holders: dict[int, set[str]] = {port: set() for port in sockets.values()}
    for link in Path("/proc").glob("[0-9]*/fd/*") if sockets else ():
        try:
            port = sockets.get(str(link.readlink()))
            if port is not None:
                holders[port].add((link.parents[1] / "comm").read_text().strip())
        except OSError:  # it has ended, or belongs to another user
            continue
    return [
        f"port {port}, wanted for {wanted[port]}, is held by {', '.join(sorted(strangers))}: stop it, or see --set."
        for port, names in sorted(holders.items())
        if (strangers := (names or {"another process"}) - {wanted[port]})
    ]


def addresses() -> list[tuple[str, int]]:
    """Return where packages come from, as names and ports: the proxies if there are any, else apt's sites and pip's."""
    proxies = {kind: url for kind, url in urllib.request.getproxies().items() if kind in ("http", "https")}
    urls = [url if "://" in url else f"http://{url}" for url in proxies.values()] or [*_sites(), _index()]
    found = set()
    for url in urls:
        try:
            parts = urllib.parse.urlsplit(url)
            port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
        except ValueError:
            continue
        if parts.hostname and port:
            found.add((parts.hostname, port))
    return sorted(found)


def _sites() -> list[str]:
    try:
        command = ["apt-get", "indextargets", "--format", "$(REPO_URI)"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    except FileNotFoundError:
        return []


def _index() -> str:
    """Return the address of the package index that pip will ask."""
    if os.environ.get("PIP_INDEX_URL"):
        return os.environ["PIP_INDEX_URL"]
    home = Path.home()
    files = ["/etc/pip.conf", home / ".pip/pip.conf", home / ".config/pip/pip.conf", os.environ.get("PIP_CONFIG_FILE")]
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read([file for file in files if file])
    except (configparser.Error, OSError, ValueError):
        return _INDEX
    return parser.get("global", "index-url", fallback=_INDEX)


def out_of_reach(address: tuple[str, int]) -> str:
    """Return a line if nobody answers at `address`, else nothing."""
    name, port = address
    remedy = "check name server, network and proxy (https_proxy), or use --offline."
    try:
        socket.getaddrinfo(name, port)
    except OSError as error:
        return f"the name {name} cannot be resolved ({error.strerror}): {remedy}"
    try:
        socket.create_connection(address, timeout=_SECONDS).close()
    except OSError as error:
        return f"{name}, port {port}, cannot be reached ({error.strerror or error}): {remedy}"
    return ""


def main() -> None:
    """Write what was found."""
    pairs = [word.split("=") for word in sys.argv[1:] if "=" in word]
    wanted = {int(port): name for name, port in pairs if port.isdecimal() and 0 < int(port) < 65536}
    lines = [
        f"the port for {name} must be a number from 1 to 65535, not {port!r}: see --set and --vars."
        for name, port in pairs
        if not port.isdecimal() or int(port) not in wanted
    ]
    lines += held_ports(wanted)
    if "--offline" not in sys.argv[1:]:
        with ThreadPoolExecutor() as threads:
            lines += threads.map(out_of_reach, addresses())
    sys.stdout.write("".join(f"{line}\n" for line in lines if line))


if __name__ == "__main__":
    main()
