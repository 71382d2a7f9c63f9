"""st2rulesengine: holds trigger instances against the rules and requests the actions of those that match."""

from __future__ import annotations

import sys

from st2lite.commands import daemon
from st2lite.services.rulesengine import NAME, serve


def main() -> int:
    return daemon.main(NAME, "Runs the actions of the rules that match what happens.", serve)


if __name__ == "__main__":
    sys.exit(main())
