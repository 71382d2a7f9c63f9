"""`st2lite import-stackstorm`: move in from StackStorm."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from st2lite.commands.place import add_place_options
from st2lite.models.errors import InvalidInput

_EPILOG = """\
Brings over packs, configurations, trigger types, rules, policies, aliases, the datastore, API keys and users, and says
what came over and what did not. What is here already stays; it can be repeated.

A live API is asked with the API key in ST2_API_KEY or the token in ST2_AUTH_TOKEN, of an administrator.

examples:
  st2lite import-stackstorm --dump /tmp/dump --files /opt/stackstorm --datastore-key /etc/st2/keys/datastore_key.json
  ST2_API_KEY=... st2lite import-stackstorm --api https://st2.example.com/api/v1 --data-dir ~/.st2lite/data
"""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `import-stackstorm` to the commands of st2lite."""
    command = commands.add_parser(
        "import-stackstorm",
        help="bring over rules, packs, keys and the rest from a StackStorm host",
        description="Bring over rules, packs, keys and the rest from a StackStorm host.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    source = command.add_mutually_exclusive_group(required=True)
    source.add_argument("--dump", type=Path, metavar="DIR", help="what mongodump wrote of StackStorm's database")
    source.add_argument("--api", metavar="URL", help="a running StackStorm's API with its version")
    command.add_argument("--database", default="st2", metavar="NAME", help="name of the dumped database (default st2)")
    command.add_argument("--files", type=Path, metavar="DIR", help="StackStorm's base path, for packs and configs")
    command.add_argument("--datastore-key", type=Path, metavar="FILE", help="the key that StackStorm encrypted with")
    command.add_argument("--report", type=Path, metavar="FILE", help="write the report as JSON, too")
    add_place_options(command)
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from st2lite.services.installation import installation
    from st2lite.services.stackstorm.moving import move_in
    from st2lite.services.stackstorm.sources import ApiSource, DumpSource

    source = DumpSource(options.dump, options.database) if options.dump else ApiSource(options.api, _credentials())
    where = installation(options.config_file, options.data_dir)
    report = move_in(where.config, source, options.files, options.datastore_key, _say)
    for line in report.lines():
        print(line)
    if options.report:
        try:
            options.report.write_text(json.dumps(report.as_data(), indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise InvalidInput(f"--report: {options.report} cannot be written: {error.strerror}.") from None
    return 1 if report.failures else 0


def _credentials() -> dict[str, str]:
    for variable, header in (("ST2_API_KEY", "St2-Api-Key"), ("ST2_AUTH_TOKEN", "X-Auth-Token")):
        if os.environ.get(variable):
            return {header: os.environ[variable]}
    raise InvalidInput("--api: set ST2_API_KEY or ST2_AUTH_TOKEN in the environment, of an administrator there.")


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)
