"""st2notifier: looks after executions that messages, delays and dead workers left behind."""

from __future__ import annotations

import sys

from st2lite.commands import daemon
from st2lite.config.schema import Config
from st2lite.services.context import AppContext
from st2lite.services.daemon import StopSignal, run, wait_for
from st2lite.services.notifier import Notifier

NAME = "st2notifier"


def serve(config: Config) -> None:
    """Run until the process is asked to stop."""
    stop = StopSignal()
    context = AppContext(config)
    if wait_for(context.connect, stop):
        run(NAME, Notifier(context), stop)
    context.close()


def main() -> int:
    return daemon.main(NAME, "Looks after executions that messages, delays and dead workers left behind.", serve)


if __name__ == "__main__":
    sys.exit(main())
