"""Serving an app with gunicorn, started from our own command instead of gunicorn's."""

from __future__ import annotations

import gc
import logging
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.sock import create_sockets
from gunicorn.workers.gthread import ThreadWorker

from st2lite.http.wsgi import WsgiApp

log = logging.getLogger(__name__)

_DRAIN_SECONDS = 30
_KEEP_ALIVE_SECONDS = 75
_LONGEST_REQUEST_LINE = 8190


@dataclass(frozen=True)
class ServerOptions:
    """Where to listen and how many requests to work on at a time."""

    host: str
    port: int
    workers: int = 1
    threads: int = 8


@dataclass(frozen=True)
class Hooks:
    """What a service does at the turns of its life.

    `open_app` is called in each process that works, after forking, so that everyone has connections of its own;
    `close_app` when it ends. `reopen_logs` is called in every process at SIGUSR1.
    """

    open_app: Callable[[], WsgiApp]
    close_app: Callable[[], None]
    reopen_logs: Callable[[], None]


def serve(name: str, options: ServerOptions, listeners: Sequence[socket.socket], hooks: Hooks) -> None:
    """Serve until SIGTERM (which drains) or SIGINT; then end the process, as gunicorn does.

    Given sockets that listen already, the address in `options` is not used. Several workers have a parent process that
    looks after them; a single one is this process.
    """
    application = _Application(name, options, listeners, hooks)
    if options.workers == 1:
        _work(application, hooks)
    else:
        application.run()


class _Application(BaseApplication):  # type: ignore[misc]
    def __init__(self, name: str, options: ServerOptions, listeners: Sequence[socket.socket], hooks: Hooks) -> None:
        self._name = name
        self._options = options
        # The library closes these numbers itself.
        self._inherited = [f"fd://{listener.detach()}" for listener in listeners]
        self._hooks = hooks
        super().__init__()

    def load_config(self) -> None:
        options = self._options
        host = f"[{options.host}]" if ":" in options.host else options.host
        settings: dict[str, Any] = {
            "bind": self._inherited or f"{host}:{options.port}",
            "proc_name": self._name,
            "worker_class": "gthread",
            "workers": options.workers,
            "threads": options.threads,
            "graceful_timeout": _DRAIN_SECONDS,
            "keepalive": _KEEP_ALIVE_SECONDS,
            "limit_request_line": _LONGEST_REQUEST_LINE,
            "logger_class": _logger_class(self._hooks.reopen_logs),
            "control_socket_disable": True,
            "when_ready": self._when_ready,
            "post_worker_init": self._post_worker_init,
            "worker_exit": self._worker_exit,
        }
        for key, value in settings.items():
            # A release of the library that lacks an option does not have what the option switches off, either.
            if key in self.cfg.settings:
                self.cfg.set(key, value)

    def load(self) -> WsgiApp:
        return self._hooks.open_app()

    def _when_ready(self, _arbiter: object) -> None:
        # What was imported so far is shared with the workers, unless collecting garbage touches it.
        gc.freeze()
        log.info("%s is ready.", self._name)

    def _post_worker_init(self, _worker: object) -> None:
        if self._options.workers == 1:
            log.info("%s is ready.", self._name)

    def _worker_exit(self, _arbiter: object, _worker: object) -> None:
        self._hooks.close_app()


def _work(application: _Application, hooks: Hooks) -> None:
    """Do what the library has its parent process do for one worker, in this process.

    The parent takes 14 MB, and looking after one process is what the init system does.
    """
    settings = application.cfg
    logger = settings.logger_class(settings)
    worker = _LoneWorker(1, 0, create_sockets(settings, logger), application, 0, settings, logger)
    worker.pid = os.getpid()
    try:
        worker.init_process()
    finally:
        worker.tmp.close()
        hooks.close_app()


class _LoneWorker(ThreadWorker):  # type: ignore[misc]
    def is_parent_alive(self) -> bool:
        """Whoever started the service may end without it."""
        return True


def _logger_class(reopen_logs: Callable[[], None]) -> type[Logger]:
    class _OurLogger(Logger):  # type: ignore[misc]
        """Sends what gunicorn has to say to the log of the service, and leaves opening files to that."""

        def setup(self, cfg: Config) -> None:
            self.cfg = cfg
            self.error_log.propagate = True
            self.error_log.setLevel(logging.WARNING)

        def reopen_files(self) -> None:
            reopen_logs()

        def close_on_exec(self) -> None:
            pass

    return _OurLogger
