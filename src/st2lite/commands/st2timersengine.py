"""st2timersengine: fires timers."""

from __future__ import annotations

import sys

from st2lite.commands import daemon
from st2lite.services.timersengine import NAME, serve


def main() -> int:
    return daemon.main(NAME, "Fires timers.", serve)


if __name__ == "__main__":
    sys.exit(main())
