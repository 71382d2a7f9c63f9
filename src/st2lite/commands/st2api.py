"""st2api: serves the REST API."""

from __future__ import annotations

import sys

from st2lite.commands import daemon
from st2lite.services.api import NAME, serve


def main() -> int:
    return daemon.main(NAME, "Serves the REST API.", serve)


if __name__ == "__main__":
    sys.exit(main())
