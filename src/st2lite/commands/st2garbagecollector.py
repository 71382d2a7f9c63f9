"""st2garbagecollector: removes what has outlived its time."""

from __future__ import annotations

import sys

from st2lite.commands import daemon
from st2lite.services.garbagecollector import NAME, serve


def main() -> int:
    return daemon.main(
        NAME, "Removes what has outlived its time, and ends inquiries that nobody answered in theirs.", serve
    )


if __name__ == "__main__":
    sys.exit(main())
