"""`st2lite backup` and `st2lite restore`: the whole state of an installation in one file, and back."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from st2lite.commands.place import add_place_options

_BACKUP = """\
The file holds documents, packs, configurations, st2.conf, accounts and the datastore key: keep it as safe as those.
It may be made while the services run.

examples:
  st2lite backup /var/backups/st2.tar.gz
  st2lite backup --data-dir ~/.st2lite/data st2.tar.gz
"""
_RESTORE = """\
Stop the services first. What is stored now is replaced; files are kept under another name beside the new ones.

examples:
  st2lite restore /var/backups/st2.tar.gz
  st2lite restore --data-dir ~/.st2lite/data st2.tar.gz --force
"""


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `backup` and `restore` to the commands of st2lite."""
    for name, help_text, epilog, force, run in (
        ("backup", "write store, packs, configs and keys into one file", _BACKUP, "replace an existing file", _backup),
        ("restore", "replace all that is kept with such a file", _RESTORE, "replace what is there", _restore),
    ):
        command = commands.add_parser(
            name, help=help_text, description=f"{help_text[0].upper()}{help_text[1:]}.", epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        command.add_argument("file", type=Path, metavar="FILE", help="the backup file")
        add_place_options(command)
        command.add_argument("--force", action="store_true", help=force)
        command.set_defaults(run=run)
        if run is _restore:
            command.add_argument(
                "--documents-only", action="store_true", help="leave packs, configs and keys as they are"
            )


def _backup(options: argparse.Namespace) -> int:
    from st2lite.services.backup.operations import back_up
    from st2lite.services.installation import installation

    back_up(installation(options.config_file, options.data_dir), options.file, options.force, _say)
    print(f"Written to {options.file} ({options.file.stat().st_size} bytes).")
    return 0


def _restore(options: argparse.Namespace) -> int:
    from st2lite.services.backup.operations import restore
    from st2lite.services.installation import installation

    where = installation(options.config_file, options.data_dir)
    manifest = restore(where, options.file, options.force, _say, options.documents_only)
    print(f"Restored what was saved on {manifest['created']} by st2lite {manifest['version']}.")
    if options.documents_only:
        print("Now start the services.")
    else:
        print(
            "Now start the services, and make the virtualenvs of packs: "
            "st2-register-content --register-setup-virtualenvs"
        )
    return 0


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)
