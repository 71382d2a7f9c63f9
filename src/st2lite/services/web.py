"""st2api and st2auth: a falcon app under gunicorn."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from st2lite.config.schema import Config
from st2lite.http.gunicorn import Hooks, ServerOptions, serve
from st2lite.http.wsgi import WsgiApp
from st2lite.models.errors import St2liteError
from st2lite.services.logs import reopen_logs
from st2lite.services.membership import Address, Membership

if TYPE_CHECKING:
    from st2lite.services.context import AppContext

logger = logging.getLogger(__name__)

_GIVE_UP = 3
"""Exit code of a worker process after which gunicorn starts no other one."""

OpenApp = Callable[["AppContext"], WsgiApp]
"""Connects to what the app needs and makes it."""


def serve_app(name: str, config: Config, open_app: OpenApp, options: ServerOptions) -> None:
    """Serve the app until the process is asked to stop."""
    worker = _Worker(config, open_app, {name: (options.host, options.port)})
    serve(name, options, Hooks(worker.open, worker.close, reopen_logs))


class _Worker:
    """What one worker process opens after it was forked, and closes when it ends."""

    def __init__(self, config: Config, open_app: OpenApp, services: Mapping[str, Address]) -> None:
        self._config = config
        self._open_app = open_app
        self._services = services
        self._context: AppContext | None = None
        self._membership: Membership | None = None

    def open(self) -> WsgiApp:
        # Imported here, and by `open_app`: the parent of the workers only looks after them and would share little.
        from st2lite.services.context import AppContext

        self._context = AppContext(self._config)
        try:
            app = self._open_app(self._context)
        except St2liteError as error:
            logger.error("%s", error.message)
            raise SystemExit(_GIVE_UP) from None
        # All worker processes are one member: the service, which is their parent.
        self._membership = Membership(self._context, self._services, os.getppid())
        self._membership.start()
        return app

    def close(self) -> None:
        if self._membership is not None:
            self._membership.stop()
        if self._context is not None:
            self._context.close()
