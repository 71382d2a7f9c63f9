"""Which installation a program works on: that of an st2.conf, or a data directory of standalone."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from st2lite.commands.daemon import CONFIG_HELP
from st2lite.config.load import config_path, load
from st2lite.config.schema import Config
from st2lite.models.errors import St2liteError
from st2lite.services.logs import set_up_logging

if TYPE_CHECKING:
    from st2lite.services.context import AppContext

Work = Callable[["AppContext", argparse.Namespace], int]
"""What a program does with an installation that is open; returns the exit code."""


def make_parser(name: str, description: str, epilog: str) -> argparse.ArgumentParser:
    """A parser with the options that name the installation; `epilog` holds examples, line by line."""
    parser = argparse.ArgumentParser(
        prog=name, description=description, epilog=epilog, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_place_options(parser)
    return parser


def add_place_options(parser: argparse.ArgumentParser) -> None:
    """Add `--config-file` and `--data-dir`, of which only one can be given."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--config-file", metavar="FILE", help=CONFIG_HELP)
    where.add_argument("--data-dir", type=Path, metavar="DIR", help="data directory of a standalone installation")


def config_of(options: argparse.Namespace) -> Config:
    """The configuration of the place that was given; raise `InvalidInput` where there is no standalone."""
    if options.data_dir is None:
        return load(config_path(options.config_file))
    from st2lite.services.installation import installation

    found = installation(None, options.data_dir)
    found.require()
    return found.config


def run(parser: argparse.ArgumentParser, argv: list[str] | None, work: Work, refusal: int = 1) -> int:
    """Open the installation that was asked for, and work on it; a mistake is told in words, with code `refusal`."""
    from st2lite.services.context import AppContext

    options = parser.parse_args(argv)
    try:
        config = config_of(options)
        set_up_logging(config, parser.prog)
        context = AppContext(config)
        try:
            return work(context, options)
        finally:
            context.close()
    except St2liteError as error:
        print(f"{parser.prog}: {error.message}", file=sys.stderr)
        return refusal
