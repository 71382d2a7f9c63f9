"""st2-trigger-refire: emit once more what has happened before."""

from __future__ import annotations

import argparse
import sys

from st2lite.commands.place import make_parser, run
from st2lite.models.errors import NotFound
from st2lite.models.trigger import TriggerInstance
from st2lite.services.context import AppContext

_EPILOG = """\
examples:
  st2-trigger-refire --trigger-instance-id 65f0aa0000000000000000e1
  st2-trigger-refire --trigger-instance-id 65f0aa0000000000000000e1 --data-dir ~/.st2lite/data

The same over the API: st2 trigger-instance re-emit ID
"""


def main(argv: list[str] | None = None) -> int:
    parser = make_parser("st2-trigger-refire", "Emit a trigger instance once more.", _EPILOG)
    parser.add_argument("--trigger-instance-id", metavar="ID", required=True, help="the instance to repeat")
    return run(parser, argv, _refire)


def _refire(context: AppContext, options: argparse.Namespace) -> int:
    instance = context.store.get(TriggerInstance, options.trigger_instance_id)
    if instance is None:
        raise NotFound(f'There is no trigger instance "{options.trigger_instance_id}".')
    print(f"Trigger instance {context.dispatcher.repeat(instance).id} repeats {instance.id}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
