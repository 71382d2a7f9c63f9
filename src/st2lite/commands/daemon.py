"""What the commands that start a daemon have in common: options, configuration, errors."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from st2lite import __version__
from st2lite.config.load import config_path, load
from st2lite.config.schema import Config
from st2lite.models.errors import ConfigError, St2liteError
from st2lite.services.logs import set_up_logging

CONFIG_HELP = "configuration file (default: the one of ST2_CONFIG_PATH, else /etc/st2/st2.conf)"


def main(name: str, description: str, serve: Callable[[Config], int | None], argv: list[str] | None = None) -> int:
    """Read options and configuration, set up logging and serve; return the exit code."""
    return start(name, make_parser(name, description).parse_args(argv).config_file, serve)


def make_parser(name: str, description: str) -> argparse.ArgumentParser:
    """A parser of the options that every daemon has."""
    parser = argparse.ArgumentParser(prog=name, description=description)
    parser.add_argument("--config-file", metavar="FILE", help=CONFIG_HELP)
    parser.add_argument("--version", action="version", version=f"{name} {__version__}")
    return parser


def start(name: str, config_file: str | None, serve: Callable[[Config], int | None]) -> int:
    """Read the configuration, set up logging and serve; return the exit code, which `serve` may give (None: 0).

    What keeps it from serving is told in words, on standard error. The exit code is 2 for a mistake in options or
    configuration, which does not mend itself, and 1 for all else.
    """
    try:
        config = load(config_path(config_file))
        set_up_logging(config, name)
        return serve(config) or 0
    except St2liteError as error:
        print(f"{name}: {error.message}", file=sys.stderr)
        return 2 if isinstance(error, ConfigError) else 1
