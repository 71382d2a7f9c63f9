"""st2api: the REST API under gunicorn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from st2lite.config.schema import Config
from st2lite.http.gunicorn import ServerOptions
from st2lite.http.wsgi import WsgiApp
from st2lite.services.dependencies import connect
from st2lite.services.web import serve_app

if TYPE_CHECKING:
    from st2lite.services.context import AppContext

NAME = "st2api"


def serve(config: Config) -> None:
    """Serve until the process is asked to stop."""
    api = config.api
    serve_app(NAME, config, _open, ServerOptions(api.host, api.port, api.workers, api.threads))


def _open(context: AppContext, tell: Callable[[str], None]) -> WsgiApp:
    from st2lite.http.api_app import create_api_app

    connect(context.connect, tell)
    context.store.watch()  # until the context closes the bus
    return create_api_app(context)
