"""st2auth: tokens for passwords, under gunicorn."""

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

NAME = "st2auth"


def serve(config: Config) -> None:
    """Serve until the process is asked to stop."""
    auth = config.auth
    serve_app(NAME, config, _open, ServerOptions(auth.host, auth.port, auth.workers, auth.threads))


def _open(context: AppContext, tell: Callable[[str], None]) -> WsgiApp:
    from st2lite.http.auth_app import create_auth_app

    connect(context.store.ensure_schema, tell)
    return create_auth_app(context)
