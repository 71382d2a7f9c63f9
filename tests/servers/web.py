"""A web server that says what it was asked, for tests of things that send HTTP requests.

with WebServer() as server:
    requests.get(server.url("/echo"))
    assert server.received[0].path == "/echo"
"""

from __future__ import annotations

import gzip
import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

from tests.processes import PATIENCE
from tests.servers.certificates import Certificates


@dataclass(frozen=True)
class Received:
    """One request as it arrived. `target` is the request line's second word, `path` the path alone."""

    method: str
    target: str
    path: str
    query: dict[str, list[str]]
    headers: Message
    body: bytes
    connection: object = None
    """Equal for the requests of one connection, different for any others."""


@dataclass(frozen=True)
class Answer:
    """What a route answers; `body` as it goes on the wire."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Route = Callable[[Received], Answer]


class WebServer:
    """Runs on a thread of the test at an ephemeral port of 127.0.0.1; with `certificates` it speaks TLS.

    Routes: `/echo` answers the request as JSON, `/status/N` status N, `/redirect?to=URL` a redirect, `/slow` answers
    never, `/drip` a byte now and then without end, `/gzip` compressed text; `routes` adds to them by path.
    """

    def __init__(self, routes: dict[str, Route] | None = None, certificates: Certificates | None = None) -> None:
        self.received: list[Received] = []
        self.stopping = threading.Event()
        self.arrived = threading.Event()
        self.routes = {**_ROUTES, **(routes or {})}
        owner = self

        class Handler(_Handler):
            server_of_test = owner

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = False
        self._scheme = "http"
        if certificates:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates.certificate, certificates.key)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
            self._scheme = "https"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> WebServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{self._scheme}://{host}:{self.port}{path}"


class _Handler(BaseHTTPRequestHandler):
    server_of_test: WebServer
    protocol_version = "HTTP/1.1"
    timeout = 10

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ssl.SSLError):
            self.close_connection = True  # a client that hangs up or refuses the certificate is part of the test

    def _serve(self) -> None:
        test = self.server_of_test
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        request = Received(self.command, self.path, parts.path, parse_qs(parts.query), self.headers, body, self)
        test.received.append(request)
        test.arrived.set()
        if parts.path == "/slow":
            test.stopping.wait(PATIENCE)
            self.close_connection = True
            return
        if parts.path == "/drip":
            self._drip()
            return
        first = "/" + parts.path.lstrip("/").partition("/")[0]
        answer = test.routes.get(first, _not_found)(request)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = _serve

    def _drip(self) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        while not self.server_of_test.stopping.wait(0.05):
            self.wfile.write(b".")
            self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


def _echo(request: Received) -> Answer:
    seen = {
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": dict(request.headers.items()),
        "body": request.body.decode("latin-1"),
    }
    return Answer(body=json.dumps(seen).encode(), headers={"Content-Type": "application/json; charset=utf-8"})


def _status(request: Received) -> Answer:
    return Answer(int(request.path.rpartition("/")[2]), b"", {"Content-Type": "text/plain"})


def _redirect(request: Received) -> Answer:
    return Answer(302, b"", {"Location": request.query["to"][0]})


def _gzip(request: Received) -> Answer:
    del request
    body = gzip.compress("grüße".encode())
    return Answer(200, body, {"Content-Encoding": "gzip", "Content-Type": "text/plain"})


def _not_found(request: Received) -> Answer:
    return Answer(404, f"no {request.path}".encode(), {"Content-Type": "text/plain"})


_ROUTES: dict[str, Route] = {"/echo": _echo, "/status": _status, "/redirect": _redirect, "/gzip": _gzip}
