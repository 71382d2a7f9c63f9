"""`st2lite migrate`: brings what is stored to the form that this release reads."""

from __future__ import annotations

import argparse

from st2lite.commands.place import add_place_options

_EPILOG = """\
Services do this themselves when they start; but then those of the former release must not run any more. An upgrade asks
with --check, and stops them all if there is something to do (exit code 1).

examples:
  st2lite migrate --check
  st2lite migrate
"""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `migrate` to the commands of st2lite."""
    help_text = "bring the database to the form that this release reads"
    command = commands.add_parser(
        "migrate", help=help_text, description=f"{help_text[0].upper()}{help_text[1:]}.", epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add_place_options(command)
    command.add_argument("--check", action="store_true", help="only say what would be done")
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from st2lite.services.installation import installation
    from st2lite.services.migrating import migrate, outdated

    where = installation(options.config_file, options.data_dir)
    lines = outdated(where) if options.check else migrate(where)
    for line in lines:
        print(f"{'To do' if options.check else 'Done'}: {line}")
    if not lines:
        print("The database is as this release needs it.")
    return 1 if lines and options.check else 0
