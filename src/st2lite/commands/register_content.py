"""st2-register-content: brings the database in line with the files of packs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from st2lite.commands.daemon import CONFIG_HELP
from st2lite.config.load import config_path, load
from st2lite.content.registrar import KINDS, Registrar
from st2lite.models.errors import InvalidInput, St2liteError
from st2lite.services.context import AppContext
from st2lite.services.logs import set_up_logging

NAME = "st2-register-content"
_EPILOG = """\
examples:
  st2-register-content --register-all
  st2-register-content --register-actions --register-pack /opt/stackstorm/packs/mypack
"""


def main(argv: list[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    try:
        config = load(config_path(options.config_file))
        set_up_logging(config, NAME)
        context = AppContext(config)
        try:
            context.connect()
            counts = Registrar(context.store, context.locations).register(
                _kinds(options), _packs(options), fail_on_failure=options.fail
            )
        finally:
            context.close()
    except St2liteError as error:
        print(f"{NAME}: {error.message}", file=sys.stderr)
        return 1
    for kind, count in counts.items():
        print(f"Registered {count} {kind.replace('_', ' ')}.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=NAME, description="Register runners and the content of packs.", epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--config-file", metavar="FILE", help=CONFIG_HELP)
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


def _packs(options: argparse.Namespace) -> list[str] | None:
    """Names of the packs to register; a directory has to lie in one of the configured ones."""
    if not options.register_pack:
        return None
    for text in options.register_pack:
        if not Path(text).is_dir() and "/" in text:
            raise InvalidInput(f"--register-pack: {text} is not a directory.")
    return [Path(text).name for text in options.register_pack]


if __name__ == "__main__":
    sys.exit(main())
