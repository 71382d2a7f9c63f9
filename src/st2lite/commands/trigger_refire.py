"""st2-trigger-refire: emit once more what has happened before."""

from __future__ import annotations

import argparse
import sys

from st2lite.commands.daemon import CONFIG_HELP
from st2lite.config.load import config_path, load
from st2lite.models.errors import NotFound, St2liteError
from st2lite.models.trigger import TriggerInstance
from st2lite.services.context import AppContext
from st2lite.services.logs import set_up_logging

NAME = "st2-trigger-refire"
_EPILOG = """\
example:
  st2-trigger-refire --trigger-instance-id 65f0aa0000000000000000e1

The same over the API: st2 trigger-instance re-emit ID
"""


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog=NAME, description="Emit a trigger instance once more.", epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--config-file", metavar="FILE", help=CONFIG_HELP)
    parser.add_argument("--trigger-instance-id", metavar="ID", required=True, help="the instance to repeat")
    options = parser.parse_args(argv)
    try:
        config = load(config_path(options.config_file))
        set_up_logging(config, NAME)
        context = AppContext(config)
        try:
            instance = context.store.get(TriggerInstance, options.trigger_instance_id)
            if instance is None:
                raise NotFound(f'There is no trigger instance "{options.trigger_instance_id}".')
            print(f"Trigger instance {context.dispatcher.repeat(instance).id} repeats {instance.id}.")
        finally:
            context.close()
    except St2liteError as error:
        print(f"{NAME}: {error.message}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
