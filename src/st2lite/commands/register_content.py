"""st2-register-content: brings the database in line with the files of packs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from st2lite.commands.place import make_parser, run
from st2lite.content.locations import PackLocations
from st2lite.content.packs import has_manifest
from st2lite.content.registrar import KINDS
from st2lite.models.errors import InvalidInput
from st2lite.models.pack import SYSTEM_PACKS
from st2lite.services.context import AppContext

NAME = "st2-register-content"
_SETUP, _RECREATE = "setup", "recreate"
_EPILOG = """\
examples:
  st2-register-content --register-all
  st2-register-content --register-actions --register-pack /opt/stackstorm/packs/mypack
  st2-register-content --register-all --register-setup-virtualenvs
"""


def main(argv: list[str] | None = None) -> int:
    return run(_parser(), argv, _register)


def _register(context: AppContext, options: argparse.Namespace) -> int:
    packs = _packs(options, context.locations)
    if options.virtualenvs:
        _set_up_virtualenvs(context, packs, options.virtualenvs == _RECREATE)
    if options.virtualenvs and not options.register_all and not _kinds(options):
        return 0
    context.connect()
    counts = context.registrar.register(_kinds(options), packs, fail_on_failure=options.fail)
    for kind, count in counts.items():
        if count or "(" not in kind:
            print(f"Registered {count} {kind.replace('_', ' ').replace('(', ' (')}.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = make_parser(NAME, "Register runners and the content of packs.", _EPILOG)
    parser.add_argument("--register-all", action="store_true", help="every kind of content (the default)")
    for kind in KINDS:
        parser.add_argument(
            f"--register-{kind.replace('_', '-')}", dest=kind, action="store_true", help=argparse.SUPPRESS
        )
    parser.add_argument(
        "--register-KIND", action="store_true", dest="_shown",
        help=f"only this kind; KIND is one of {', '.join(kind.replace('_', '-') for kind in KINDS)}",
    )  # fmt: skip
    parser.add_argument("--register-pack", metavar="DIR", action="append", help="only this pack; may be repeated")
    parser.add_argument(
        "--register-setup-virtualenvs", dest="virtualenvs", action="store_const", const=_SETUP,
        help="first make the virtualenvs of packs that have none, or one with other requirements",
    )  # fmt: skip
    parser.add_argument(
        "--register-recreate-virtualenvs", dest="virtualenvs", action="store_const", const=_RECREATE,
        help="first make the virtualenvs of packs anew",
    )  # fmt: skip
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--register-fail-on-failure",
        dest="fail",
        action="store_true",
        default=True,
        help="stop at a faulty file (default)",
    )
    group.add_argument(
        "--register-no-fail-on-failure", dest="fail", action="store_false", help="leave faulty files out and go on"
    )
    return parser


def _kinds(options: argparse.Namespace) -> list[str] | None:
    chosen = [kind for kind in KINDS if getattr(options, kind)]
    return None if options.register_all or not chosen else chosen


def _packs(options: argparse.Namespace, locations: PackLocations) -> list[str] | None:
    """Names of the packs to register; a directory has to lie in one of the configured ones."""
    if not options.register_pack:
        return None
    for text in options.register_pack:
        path, known = Path(text), locations.pack_dir(Path(text).name)
        if "/" not in text:
            continue
        if not path.is_dir():
            raise InvalidInput(f"--register-pack: {text} is not a directory.")
        if known is None or not path.samefile(known):
            roots = ", ".join(map(str, locations.roots))
            raise InvalidInput(
                f"--register-pack: {text} lies in none of the directories of packs ({roots}); move it there, or add "
                "the directory it lies in to packs_base_paths in section [content] of st2.conf."
            )
    return [Path(text).name for text in options.register_pack]


def _set_up_virtualenvs(context: AppContext, packs: Sequence[str] | None, recreate: bool) -> None:
    """Make the virtualenvs of packs, of all but the system's own if none is named."""
    host = context.pack_host
    chosen = context.locations.all_packs() if packs is None else {pack: host.installed_dir(pack) for pack in packs}
    for pack, directory in chosen.items():
        if pack not in SYSTEM_PACKS and has_manifest(directory):
            with host.lock(pack):
                host.virtualenvs.setup(pack, directory, print, recreate)


if __name__ == "__main__":
    sys.exit(main())
