"""st2actionrunner: runs the actions of executions."""

from __future__ import annotations

import sys

from st2lite.commands import daemon
from st2lite.services.actionrunner import NAME, serve


def main() -> int:
    return daemon.main(NAME, "Runs the actions of executions.", serve)


if __name__ == "__main__":
    sys.exit(main())
