"""st2api and st2auth: a falcon app under gunicorn."""

from __future__ import annotations

from collections.abc import Callable

from st2lite.config.schema import Config
from st2lite.http.gunicorn import Hooks, ServerOptions, serve
from st2lite.http.mounts import WsgiApp
from st2lite.services.context import AppContext
from st2lite.services.daemon import wait_for
from st2lite.services.logs import reopen_logs

CreateApp = Callable[[AppContext], WsgiApp]


def run_web(name: str, config: Config, options: ServerOptions, create_app: CreateApp) -> None:
    """Wait for database and broker, then serve the app until the process is asked to stop."""
    _connect_once(config)
    worker = _Worker(config, create_app)
    serve(name, options, Hooks(worker.open, worker.close, reopen_logs))


class _Worker:
    """What one worker process opens after it was forked, and closes when it ends."""

    def __init__(self, config: Config, create_app: CreateApp) -> None:
        self._config = config
        self._create_app = create_app
        self._context: AppContext | None = None

    def open(self) -> WsgiApp:
        self._context = AppContext.open(self._config)
        return self._create_app(self._context)

    def close(self) -> None:
        if self._context is not None:
            self._context.close()


def _connect_once(config: Config) -> None:
    """Make sure of collections and queues before the first request; nothing of it is left open for the workers."""
    context = AppContext.open(config)
    wait_for(context.connect)
    context.close()
