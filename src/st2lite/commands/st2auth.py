"""st2auth: turns user names and passwords into tokens."""

from __future__ import annotations

import sys

from st2lite.commands import daemon
from st2lite.config.schema import Config
from st2lite.http.auth_app import create_auth_app
from st2lite.http.gunicorn import ServerOptions
from st2lite.services.web import run_web

NAME = "st2auth"


def serve(config: Config) -> None:
    """Run until the process is asked to stop."""
    options = config.auth
    run_web(NAME, config, ServerOptions(options.host, options.port, options.workers, options.threads), create_auth_app)


def main() -> int:
    return daemon.main(NAME, "Turns user names and passwords into tokens.", serve)


if __name__ == "__main__":
    sys.exit(main())
