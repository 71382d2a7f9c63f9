"""Kept HTTP connections, their TLS and the proxies of the environment."""

from __future__ import annotations

import os
import select
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING, Union
from urllib.parse import SplitResult, unquote, urlsplit

from st2client.errors import ConfigError

if TYPE_CHECKING:
    from ssl import SSLContext

#: Path of a CA bundle, True or None to verify with the system's CAs, False not to verify.
Verify = Union[str, bool, None]

#: Seconds to wait for a connection, and then for each piece of the answer.
CONNECT_TIMEOUT = 15.0
READ_TIMEOUT = 300.0

_Key = tuple[str, str, int]


class Pool:
    """Idle connections by server. Safe to share between threads: a connection is taken out while in use."""

    def __init__(self, verify: Verify = None) -> None:
        self._verify = verify
        self._context: SSLContext | None = None
        self._idle: dict[_Key, list[HTTPConnection]] = {}
        self._lent: dict[int, tuple[HTTPConnection, _Key]] = {}

    def acquire(
        self, parts: SplitResult, headers: dict[str, str], timeout: float | None
    ) -> tuple[HTTPConnection, str, bool]:
        """Return a connection to the server of a URL, the request target to use on it, and whether it is a used one.

        Adds the proxy's credentials to ``headers`` when the request goes through a proxy in clear.
        """
        proxy = proxy_for(parts)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if proxy and parts.scheme == "http":
            headers.update(_proxy_headers(proxy))
            path = f"http://{parts.netloc.rsplit('@', 1)[-1]}{path}"
        key = _key(parts)
        idle = self._idle.get(key)
        while idle:
            connection = idle.pop()
            if _is_open(connection):
                connection.sock.settimeout(timeout or READ_TIMEOUT)
                return connection, path, True
            connection.close()
        connection = self._connect(parts, proxy)
        connection.sock.settimeout(timeout or READ_TIMEOUT)
        return connection, path, False

    def lend(self, response: HTTPResponse, connection: HTTPConnection, parts: SplitResult) -> None:
        """Note which connection an answer is read from."""
        self._lent[id(response)] = (connection, _key(parts))

    def release(self, response: HTTPResponse) -> None:
        """Keep the connection of an answer for the next request if the answer was read to its end."""
        connection, key = self._lent.pop(id(response), (None, None))
        if connection is None or key is None:
            response.close()
        elif response.isclosed() and not response.will_close:
            self._idle.setdefault(key, []).append(connection)
        else:
            response.close()
            connection.close()

    def close(self) -> None:
        """Close every connection, also those that an answer is still read from."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        for connection, _ in self._lent.values():
            connection.close()
        self._idle.clear()
        self._lent.clear()

    def _connect(self, parts: SplitResult, proxy: SplitResult | None) -> HTTPConnection:
        host, port = parts.hostname or "", _port(parts)
        to_host, to_port = (proxy.hostname or "", proxy.port or 8080) if proxy else (host, port)
        connection: HTTPConnection
        if parts.scheme == "https":
            connection = HTTPSConnection(to_host, to_port, timeout=CONNECT_TIMEOUT, context=self._tls())
            if proxy:
                connection.set_tunnel(host, port, headers=_proxy_headers(proxy))
        else:
            connection = HTTPConnection(to_host, to_port, timeout=CONNECT_TIMEOUT)
        try:
            connection.connect()
        except BaseException:
            connection.close()
            raise
        return connection

    def _tls(self) -> SSLContext:
        if self._context is None:
            self._context = tls_context(self._verify)
        return self._context


def tls_context(verify: Verify) -> SSLContext:
    """Build the TLS settings: servers are verified unless ``verify`` is False.

    :raises ConfigError: the CA file does not exist or holds no certificate.
    """
    import ssl

    if verify is False:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if not isinstance(verify, str):
        return ssl.create_default_context()
    try:
        if os.path.isdir(verify):
            return ssl.create_default_context(capath=verify)
        return ssl.create_default_context(cafile=verify)
    except FileNotFoundError as error:
        raise ConfigError(f'CA cert file "{verify}" does not exist.') from error
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f'CA cert file "{verify}" cannot be used: {error}', hint="It must be in PEM format."
        ) from error


def proxy_for(parts: SplitResult) -> SplitResult | None:
    """Return the proxy that ``http_proxy``, ``https_proxy`` and ``no_proxy`` (either case) name for a URL."""
    # With CGI, HTTP_PROXY can be set by whoever sends a "Proxy:" header; then only the lower-case name counts.
    upper = "" if parts.scheme == "http" and "REQUEST_METHOD" in os.environ else f"{parts.scheme.upper()}_PROXY"
    url = os.environ.get(f"{parts.scheme}_proxy") or os.environ.get(upper)
    if not url:
        return None
    from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

    host = parts.hostname or ""
    if proxy_bypass_environment(host) or proxy_bypass_environment(f"{host}:{_port(parts)}"):
        return None
    proxy = urlsplit(url if "://" in url else f"http://{url}")
    if proxy.scheme != "http" or not proxy.hostname:
        raise ConfigError(f'The proxy "{url}" of {parts.scheme}_proxy is not an http:// URL')
    return proxy


def _proxy_headers(proxy: SplitResult) -> dict[str, str]:
    if not proxy.username:
        return {}
    import base64

    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}".encode()
    return {"Proxy-Authorization": "Basic " + base64.b64encode(pair).decode("ascii")}


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _key(parts: SplitResult) -> _Key:
    return parts.scheme, parts.hostname or "", _port(parts)


def _is_open(connection: HTTPConnection) -> bool:
    """Whether an idle connection can be used: a readable one was closed by the server (or is out of step)."""
    if connection.sock is None:
        return False
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return not poll.poll(0)
