"""st2-bootstrap-rmq: make exchange and queues before any service runs."""

from __future__ import annotations

import argparse
import sys

from st2lite.commands.place import make_parser, run
from st2lite.messaging.contract import QUEUES
from st2lite.services.context import AppContext

_EPILOG = """\
Services do the same when they start. It is of use where their account may not declare anything: run it once with one
that may. What is there already stays as it is.

examples:
  st2-bootstrap-rmq
  st2-bootstrap-rmq --config-file /etc/st2/st2.admin.conf
"""


def main(argv: list[str] | None = None) -> int:
    parser = make_parser("st2-bootstrap-rmq", "Make the exchange and the queues that the services use.", _EPILOG)
    return run(parser, argv, _declare)


def _declare(context: AppContext, _options: argparse.Namespace) -> int:
    if context.config.messaging.url.startswith("memory:"):
        print("Messages stay within the process here ([messaging] url): there is no broker to prepare.")
        return 0
    context.bus.declare()
    print(f"The broker has the exchange, and the queues {', '.join(queue.name for queue in QUEUES)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
