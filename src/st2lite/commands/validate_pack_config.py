"""st2-validate-pack-config: says what is wrong in the configuration of a pack before it is registered."""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path

from st2lite.commands.place import config_of, make_parser
from st2lite.content.configs import SCHEMA_FILE, read_config, read_config_schema_file
from st2lite.models.errors import InvalidInput, St2liteError
from st2lite.models.pack import ConfigSchema, PackConfig
from st2lite.services.packs import pack_locations

NAME = "st2-validate-pack-config"
_EPILOG = """\
examples:
  st2-validate-pack-config mypack
  st2-validate-pack-config --schema-path mypack/config.schema.yaml --config-path mypack.yaml

exit codes: 0 valid, 1 not valid, 2 there is nothing to check
"""


def main(argv: list[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    try:
        schema_path, path, pack = _paths(options)
        for given in (schema_path, path):
            if not given.is_file():
                raise InvalidInput(f"{given}: no such file.")
    except St2liteError as error:
        print(f"{NAME}: {error.message}", file=sys.stderr)
        return 2
    try:
        schema = read_config_schema_file(schema_path, pack)
        config = read_config(path, pack, schema)
    except St2liteError as error:
        print(f"{NAME}: {error.message}", file=sys.stderr)
        return 1
    _warn(config, schema)
    print(f'Config "{path}" successfully validated against schema in {schema_path}.')
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = make_parser(NAME, "Check the configuration of a pack against its schema.", _EPILOG)
    parser.add_argument("pack", nargs="?", help="a pack on this host, and its configuration where it belongs")
    parser.add_argument("--schema-path", type=Path, metavar="FILE", help="the schema, instead of that of the pack")
    parser.add_argument("--config-path", type=Path, metavar="FILE", help="the configuration, instead of the pack's")
    return parser


def _paths(options: argparse.Namespace) -> tuple[Path, Path, str]:
    """Schema, configuration, and the name of the pack; raise `InvalidInput` if too little is given."""
    if options.schema_path and options.config_path:
        return options.schema_path, options.config_path, options.pack or options.config_path.stem
    if not options.pack:
        raise InvalidInput("name a pack, or give both --schema-path and --config-path.")
    locations = pack_locations(config_of(options))
    directory, path = locations.pack_dir(options.pack), locations.config_file(options.pack)
    if directory is None:
        roots = ", ".join(map(str, locations.roots))
        raise InvalidInput(f'pack "{options.pack}" is not on this host: there is no such directory in {roots}.')
    return options.schema_path or directory / SCHEMA_FILE, options.config_path or path or Path(), options.pack


def _warn(config: PackConfig, schema: ConfigSchema) -> None:
    """Tell of keys that no schema describes: they are allowed, but mostly a slip."""
    for key in sorted(config.values.keys() - schema.attributes.keys()):
        close = difflib.get_close_matches(key, schema.attributes, n=1)
        hint = f'; did you mean "{close[0]}"?' if close else ""
        print(f'warning: the schema does not know the key "{key}"{hint}', file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
