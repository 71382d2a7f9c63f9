"""The WSGI server of st2stream: a thousand idle streams cost little when each is a green thread.

This is the one module that knows eventlet. `patch` must run before anything else is imported that waits: bus, store.
"""

from __future__ import annotations

import importlib
import logging
import os
import signal
import socket
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from st2lite.http.limits import allow_open_files
from st2lite.http.wsgi import Environ, StartResponse, WsgiApp
from st2lite.models.errors import ConfigError

log = logging.getLogger(__name__)

MOST_STREAMS = 4096
_OPEN_FILES = 2 * MOST_STREAMS
_BACKLOG = 1024
_DRAIN_SECONDS = 10
_WRITE_SECONDS = 30


@dataclass(frozen=True)
class Hooks:
    """What the service does at the turns of its life.

    `open_app` returns the app, and `ready` is called when it is served. `stop_app` ends open streams, `close_app`
    releases the rest, `reopen_logs` is called at SIGUSR1.
    """

    open_app: Callable[[], WsgiApp]
    ready: Callable[[], None]
    stop_app: Callable[[], None]
    close_app: Callable[[], None]
    reopen_logs: Callable[[], None]


def patch() -> None:
    """Make everything in this process that waits let other green threads run. Call it first of all."""
    eventlet = _import_eventlet()
    eventlet.monkey_patch()


def listen(host: str, port: int) -> socket.socket:
    """Listen on an address; raise `ConfigError` if it cannot be used."""
    try:
        listener = _import_eventlet().listen((host, port), _family(host), backlog=_BACKLOG, reuse_port=False)
    except OSError as error:
        raise ConfigError(f"[stream] host, port: {host}:{port} cannot be used: {error.strerror}.") from error
    assert isinstance(listener, socket.socket)  # noqa: S101 - a green one is one, after `patch`
    return listener


def serve(name: str, listeners: Sequence[socket.socket], hooks: Hooks) -> None:
    """Serve until SIGTERM or SIGINT; open streams are ended then."""
    eventlet = _import_eventlet()
    wsgi = importlib.import_module("eventlet.wsgi")
    allow_open_files(_OPEN_FILES)
    app = hooks.open_app()
    pool = eventlet.GreenPool(MOST_STREAMS)
    servers = [
        eventlet.spawn(
            wsgi.server,
            listener,
            _unbuffered(app),
            custom_pool=pool,
            log=log,
            log_output=False,
            debug=False,
            socket_timeout=_WRITE_SECONDS,
        )
        for listener in listeners
    ]
    signals = _Signals()  # from now on none ends the process: whoever is told that it is ready may send one at once
    log.info("%s is ready.", name)
    hooks.ready()
    signals.wait_for_stop(hooks.reopen_logs)
    log.info("%s is stopping.", name)
    for server, listener in zip(servers, listeners, strict=True):
        server.kill()
        listener.close()
    hooks.stop_app()
    with eventlet.Timeout(_DRAIN_SECONDS, False):
        pool.waitall()
    hooks.close_app()
    log.info("%s has stopped.", name)


def _import_eventlet() -> Any:
    # Its own resolver costs 8 MB; only database and broker are looked up here, now and then.
    os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
    with warnings.catch_warnings():
        # It says of itself that new projects should not use it: true, and decided (this one module is all there is).
        warnings.simplefilter("ignore")
        import eventlet

    return eventlet


def _unbuffered(app: WsgiApp) -> WsgiApp:
    """The server collects small pieces before it sends them; an event must leave at once."""

    def call(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        environ["eventlet.minimum_write_chunk_size"] = 0
        return app(environ, start_response)

    return call


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class _Signals:
    """Takes signals in a way that the loop of green threads notices: a signal alone does not wake it."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)
        signal.set_wakeup_fd(self._writer.fileno())
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            signal.signal(number, lambda _number, _frame: None)

    def wait_for_stop(self, reopen_logs: Callable[[], None]) -> None:
        """Wait until the process is asked to stop, also if it was already; call `reopen_logs` at SIGUSR1."""
        while True:
            numbers = self._reader.recv(16)
            if any(number in (signal.SIGTERM, signal.SIGINT) for number in numbers):
                signal.set_wakeup_fd(-1)
                return
            if signal.SIGUSR1 in numbers:
                reopen_logs()
