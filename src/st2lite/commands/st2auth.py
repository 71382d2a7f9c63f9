"""st2auth: turns user names and passwords into tokens."""

from __future__ import annotations

import sys

from st2lite.commands import daemon
from st2lite.services.auth import NAME, serve


def main() -> int:
    return daemon.main(NAME, "Turns user names and passwords into tokens.", serve)


if __name__ == "__main__":
    sys.exit(main())
