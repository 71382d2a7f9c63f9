"""st2-cleanup-db: empty the database."""

from __future__ import annotations

import argparse
import sys
from urllib.parse import urlsplit

from st2lite.commands.confirm import confirm
from st2lite.commands.place import make_parser
from st2lite.config.urls import database_url
from st2lite.models.errors import St2liteError
from st2lite.services.backup.documents import clear
from st2lite.services.idle import stopped
from st2lite.services.installation import installation
from st2lite.storage.open import document_classes

NAME = "st2-cleanup-db"
_EPILOG = """\
Stop the services first; one that was killed counts as running for another 90 seconds. Removed are content, executions,
events, tokens, API keys and the datastore: make a backup before. Files of packs, configurations and accounts stay, and
so do collections that are not ours.

examples:
  st2lite backup /var/backups/st2.tar.gz && st2-cleanup-db
  st2-cleanup-db --yes && st2-register-content --register-all
  st2-cleanup-db --data-dir ~/.st2lite/data

exit codes: 0 the database is empty, 1 nothing was removed
"""


def main(argv: list[str] | None = None) -> int:
    parser = make_parser(NAME, "Remove everything that the database of an installation holds.", _EPILOG)
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    options = parser.parse_args(argv)
    try:
        return _empty(options)
    except St2liteError as error:
        print(f"{NAME}: {error.message}", file=sys.stderr)
        return 1


def _empty(options: argparse.Namespace) -> int:
    where = installation(options.config_file, options.data_dir)
    where.require()
    with stopped(where) as context:
        kinds = {kind.collection.name: kind for kind in document_classes()}
        counts = {name: count for name, kind in kinds.items() if (count := context.store.count(kind))}
        url = urlsplit(database_url(where.config))
        place = f"{url.hostname or ''}{url.path}"
        if not counts:
            print(f"{place} is empty already.")
            return 0
        print(f"{place} holds:")
        for name, count in counts.items():
            print(f"  {name.replace('_', ' ')}: {count}")
        if not options.yes:
            confirm("Remove all of it?")
        for kind in kinds.values():
            clear(context.store, kind)
    print("Removed. To fill it again: st2-register-content --register-all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
