"""A proxy of the kind that companies have: whoever does not log in is refused, and who asked for what is known."""

from __future__ import annotations

import base64
import select
import socket
import socketserver
import threading
from types import TracebackType
from urllib.parse import urlsplit

_SECONDS = 60


class Proxy:
    """Serves CONNECT and GET on `address` as long as it is entered; `asked` are the hosts that were asked for."""

    def __init__(self, address: str, user: str, password: str) -> None:
        self.asked: list[str] = []
        self.refused = 0
        self.credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
        proxy = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                _serve(proxy, self.request, self.rfile.readline, self.wfile.write)

        self._server = socketserver.ThreadingTCPServer((address, 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://{user}:{password}@{address}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _serve(proxy: Proxy, client: socket.socket, readline, write) -> None:  # type: ignore[no-untyped-def]
    while request := readline():
        method, target, _ = request.decode("latin-1").split()
        headers = {}
        while line := readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        if headers.get("proxy-authorization", "").removeprefix("Basic ") != proxy.credentials:
            proxy.refused += 1
            write(
                b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"
            )
            continue
        parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
        proxy.asked.append(parts.hostname or "")
        try:
            with socket.create_connection((parts.hostname or "", parts.port or 80), _SECONDS) as server:
                if method == "CONNECT":
                    write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                else:
                    kept = {name: value for name, value in headers.items() if not name.startswith("proxy-")}
                    lines = [f"{method} {parts.path}?{parts.query} HTTP/1.1".replace("? ", " ")]
                    lines += [f"{name}: {value}" for name, value in (kept | {"connection": "close"}).items()]
                    server.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
                _relay(client, server)
        except OSError:
            pass
        return


def _relay(client: socket.socket, server: socket.socket) -> None:
    others = {client: server, server: client}
    while True:
        ready, _, _ = select.select(list(others), [], [], _SECONDS)
        if not ready:
            return
        for side in ready:
            data = side.recv(1 << 16)
            if not data:
                return
            others[side].sendall(data)
