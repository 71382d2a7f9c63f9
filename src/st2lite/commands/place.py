"""Which installation a command is about: that of an st2.conf, or a data directory of standalone."""

from __future__ import annotations

import argparse
from pathlib import Path

from st2lite.commands.daemon import CONFIG_HELP
from st2lite.config.load import config_path, load
from st2lite.config.schema import Config


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
