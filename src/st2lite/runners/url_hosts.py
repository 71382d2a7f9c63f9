"""Which hosts an HTTP request may go to: the black and white lists of the http-request runner."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from st2lite.models.errors import InvalidInput


@dataclass(frozen=True)
class UrlHosts:
    """Decides by the host part of a URL. At most one of the two lists holds something; both empty allow every host."""

    blacklist: frozenset[str] = frozenset()
    whitelist: frozenset[str] = frozenset()

    @classmethod
    def of(cls, blacklist: Iterable[object] | None, whitelist: Iterable[object] | None) -> UrlHosts:
        """Take the lists as the user wrote them; raise `InvalidInput` when both are given."""
        hosts = cls(
            frozenset(canonical_host(str(host)) for host in blacklist or ()),
            frozenset(canonical_host(str(host)) for host in whitelist or ()),
        )
        if hosts.blacklist and hosts.whitelist:
            raise InvalidInput("url_hosts_blacklist and url_hosts_whitelist exclude each other: give only one of them.")
        return hosts

    def check(self, url: str) -> None:
        """Raise `InvalidInput` when a request must not go to `url`."""
        host = canonical_host(urlsplit(url).hostname or "")
        if host in self.blacklist:
            raise InvalidInput(f'The host "{host}" is blacklisted (parameter url_hosts_blacklist).')
        if self.whitelist and host not in self.whitelist:
            raise InvalidInput(f'The host "{host}" is not whitelisted (parameter url_hosts_whitelist).')


def canonical_host(host: str) -> str:
    """Give the one spelling under which a host is compared: no brackets, no final dot, lower case, plain addresses.

    Short and hexadecimal forms of IPv4 addresses (`127.1`, `0x7f000001`) count as the address they lead to.
    """
    host = host.strip().removeprefix("[").removesuffix("]").rstrip(".").lower()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        return str(mapped or address)
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, UnicodeError):
        pass
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host
