"""st2notifier: looks after executions that messages, delays and dead workers left behind."""

from __future__ import annotations

import sys

from st2lite.commands import daemon
from st2lite.services.notifier import NAME, serve


def main() -> int:
    return daemon.main(NAME, "Looks after executions that messages, delays and dead workers left behind.", serve)


if __name__ == "__main__":
    sys.exit(main())
