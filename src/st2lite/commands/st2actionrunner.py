"""st2actionrunner: runs the actions of executions."""

from __future__ import annotations

import sys

from st2lite.commands import daemon
from st2lite.config.schema import Config
from st2lite.services.actionrunner import ActionRunner
from st2lite.services.context import AppContext
from st2lite.services.daemon import StopSignal, run, wait_for

NAME = "st2actionrunner"


def serve(config: Config) -> None:
    """Run until the process is asked to stop."""
    stop = StopSignal()
    context = AppContext(config)
    if wait_for(context.connect, stop):
        run(NAME, ActionRunner(context), stop)
    context.close()


def main() -> int:
    return daemon.main(NAME, "Runs the actions of executions.", serve)


if __name__ == "__main__":
    sys.exit(main())
