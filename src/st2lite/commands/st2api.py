"""st2api: serves the REST API."""

from __future__ import annotations

import sys

from st2lite.commands import daemon
from st2lite.config.schema import Config
from st2lite.http.api_app import create_api_app
from st2lite.http.gunicorn import ServerOptions
from st2lite.services.web import run_web

NAME = "st2api"


def serve(config: Config) -> None:
    """Run until the process is asked to stop."""
    options = config.api
    run_web(NAME, config, ServerOptions(options.host, options.port, options.workers, options.threads), create_api_app)


def main() -> int:
    return daemon.main(NAME, "Serves the REST API.", serve)


if __name__ == "__main__":
    sys.exit(main())
