"""st2-apply-rbac-definitions: say what becomes of the files of roles, which this release does not apply."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from st2lite.commands.place import make_parser, run
from st2lite.models.errors import InvalidInput
from st2lite.services.context import AppContext

_EPILOG = """\
Access control by roles is not part of this release: whoever can log in may do everything. So this program applies
nothing. It fails if there are definitions, lest somebody relies on them.

examples:
  st2-apply-rbac-definitions
  st2-apply-rbac-definitions --config-file /etc/st2/st2.conf

exit codes: 0 there is nothing to apply, 1 there are definitions that have no effect
"""
_DIRECTORIES = ("roles", "assignments", "mappings")


def main(argv: list[str] | None = None) -> int:
    parser = make_parser("st2-apply-rbac-definitions", "Look for definitions of roles to apply.", _EPILOG)
    return run(parser, argv, _apply)


def _apply(context: AppContext, _options: argparse.Namespace) -> int:
    base = Path(context.config.system.base_path) / "rbac"
    files = [path for name in _DIRECTORIES for path in sorted((base / name).glob("*.y*ml"))]
    if files:
        raise InvalidInput(
            f"Access control by roles is not part of this release: whoever can log in may do everything. "
            f"{len(files)} files have no effect: {', '.join(map(str, files))}."
        )
    print(f"There is nothing to apply: {base} holds no definitions.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
