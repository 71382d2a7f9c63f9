"""st2api and st2auth: a falcon app under gunicorn."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from st2lite.config.schema import Config
from st2lite.http.activation import address_in_use, inherited_listeners
from st2lite.http.gunicorn import Hooks, ServerOptions, serve
from st2lite.http.wsgi import WsgiApp
from st2lite.models.errors import St2liteError
from st2lite.services.logs import reopen_logs
from st2lite.services.membership import Address, Membership
from st2lite.services.supervisor import Supervisor, take_supervisor

if TYPE_CHECKING:
    from st2lite.services.context import AppContext

logger = logging.getLogger(__name__)

_GIVE_UP = 3
"""Exit code of a worker process after which gunicorn starts no other one."""

OpenApp = Callable[["AppContext", Callable[[str], None]], WsgiApp]
"""Connects to what the app needs, tells how that goes, and makes the app."""


def serve_app(name: str, config: Config, open_app: OpenApp, options: ServerOptions) -> None:
    """Serve the app until the process is asked to stop."""
    listeners = inherited_listeners()
    address = address_in_use(name, (options.host, options.port), listeners)
    worker = _Worker(config, open_app, {name: address}, take_supervisor())
    serve(name, options, listeners, Hooks(worker.open, worker.close, reopen_logs))


class _Worker:
    """What a process that works opens, after it was forked if it was, and closes when it ends."""

    def __init__(
        self, config: Config, open_app: OpenApp, services: Mapping[str, Address], supervisor: Supervisor
    ) -> None:
        self._config = config
        self._open_app = open_app
        self._services = services
        self._supervisor = supervisor
        self._service = os.getpid()
        self._context: AppContext | None = None
        self._membership: Membership | None = None

    def open(self) -> WsgiApp:
        # Imported here, and by `open_app`: a parent of workers only looks after them and would share little.
        from st2lite.services.context import AppContext

        self._context = AppContext(self._config)
        try:
            app = self._open_app(self._context, self._supervisor.show)
        except St2liteError as error:
            if os.getpid() == self._service:
                raise
            logger.error("%s", error.message)
            raise SystemExit(_GIVE_UP) from None
        # All worker processes are one member: the service, which is their parent.
        self._membership = Membership(self._context, self._services, self._service)
        self._membership.start()
        self._supervisor.up()
        return app

    def close(self) -> None:
        if self._membership is not None:
            self._membership.stop()
        if self._context is not None:
            self._context.close()
