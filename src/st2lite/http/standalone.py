"""The WSGI server of standalone: threads in this process, one port, streams included."""

from __future__ import annotations

import contextlib
import logging
import re
import socket
import threading
from collections.abc import Iterator
from typing import Any

from cheroot.server import HTTPConnection, HTTPRequest
from cheroot.workers.threadpool import ThreadPool
from cheroot.wsgi import Server

from st2lite.config.urls import local_url
from st2lite.http.limits import allow_open_files
from st2lite.http.media import MAX_BODY
from st2lite.http.mounts import Mounts
from st2lite.http.socket_files import make_file
from st2lite.models.errors import ConfigError

log = logging.getLogger(__name__)

_THREADS = 8
_KEPT_CONNECTIONS = 1000
_OPEN_FILES = 8192
"""Connections, streams and a handful of files for each running action."""

_HEADER_BYTES = 64 * 1024
_SHUTDOWN_SECONDS = 10
_SLASHES = re.compile(rb"^(\S+ )//+")


class _OneSlash:
    """Reads a request line whose path begins with several slashes as if there were one: clients that join a base URL
    with a path send such, and the library takes what follows for the name of a host."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def readline(self) -> bytes:
        return _SLASHES.sub(rb"\1/", self._stream.readline())


class _Request(HTTPRequest):
    def read_request_line(self) -> bool:
        stream, self.rfile = self.rfile, _OneSlash(self.rfile)
        try:
            return bool(super().read_request_line())  # type: ignore[no-untyped-call]
        finally:
            self.rfile = stream

    def read_request_headers(self) -> bool:
        understood = bool(super().read_request_headers())  # type: ignore[no-untyped-call]
        if understood and int(self.inheaders.get(b"Content-Length", 0)) > MAX_BODY:
            # The library reads a body that nobody wanted to its end, all at once, to keep the connection.
            self.close_connection = True
        return understood


class _Connection(HTTPConnection):
    RequestHandlerClass = _Request

    def __init__(self, server: Server, connection: socket.socket, _make_file: object = None) -> None:
        super().__init__(server, connection, make_file)


class _Server(Server):
    """The library's server, with its complaints in our log."""

    ConnectionClass = _Connection
    keep_alive_conn_limit = _KEPT_CONNECTIONS
    max_request_header_size = _HEADER_BYTES

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        # What it reports below a warning is a client that went away.
        log.log(level if level >= logging.WARNING else logging.DEBUG, "%s", msg, exc_info=traceback)


class _Room:
    """Keeps as many threads for requests as there were, however many streams are open: each stream brings its own."""

    def __init__(self, pool: ThreadPool) -> None:
        self._pool: Any = pool  # what is counted below the library keeps to itself
        self._lock = threading.Lock()
        self._open = 0

    @contextlib.contextmanager
    def for_stream(self) -> Iterator[None]:
        self._make(1)
        try:
            yield
        finally:
            self._make(-1)

    def _make(self, more: int) -> None:
        pool = self._pool
        with self._lock:
            self._open += more
            pool.shrink(0)  # it forgets threads that have ended at no other time, and counts them as still to end
            ending = len(pool._pending_shutdowns)
            surplus = len(pool._threads) - ending - pool.min - self._open
            if surplus > 0:
                pool.shrink(ending + surplus)
            else:
                pool.grow(-surplus)


class StandaloneServer:
    """Serves the apps on one port; `start` returns when it listens. Port 0 means any free one."""

    def __init__(self, host: str, port: int, mounts: Mounts) -> None:
        self._mounts = mounts
        self._server: Any = _Server(
            (host, port), mounts, numthreads=_THREADS, server_name="st2lite", shutdown_timeout=_SHUTDOWN_SECONDS
        )
        mounts.stream_guard = _Room(self._server.requests).for_stream
        self._thread = threading.Thread(target=self._serve, name="http", daemon=True)

    def start(self) -> None:
        """Listen and serve; raise `ConfigError` if the address cannot be used."""
        host, port = self._server.bind_addr
        allow_open_files(_OPEN_FILES)
        try:
            self._server.prepare()
        except OSError as error:
            raise ConfigError(f"--bind: {host}:{port} cannot be used: {error}") from error
        self._thread.start()

    def stop(self) -> None:
        """Take no new requests, end the streams and let requests under way finish."""
        self._mounts.stop()
        if self._thread.is_alive():
            self._server.stop()
            self._thread.join()

    @property
    def url(self) -> str:
        """Address for clients on this host."""
        host, port = self._server.bind_addr[:2]
        return local_url(host, port)

    def _serve(self) -> None:
        try:
            self._server.serve()
        except Exception:
            log.exception("The HTTP server failed.")
