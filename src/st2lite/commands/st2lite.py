"""st2lite: the product's own command; `st2lite standalone` runs the whole suite in one process."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from st2lite import __version__
from st2lite.commands.backup import add_commands as add_backup_commands
from st2lite.commands.import_stackstorm import add_command as add_import_command
from st2lite.commands.migrate import add_command as add_migrate_command
from st2lite.commands.remove_user import add_command as add_remove_user_command
from st2lite.commands.set_password import add_command as add_password_command
from st2lite.commands.system_packs import add_command as add_system_packs_command
from st2lite.models.errors import St2liteError

_EPILOG = """\
example:
  st2lite standalone --data-dir ~/.st2lite/data --bind 127.0.0.1:9101
  st2 --url http://127.0.0.1:9101 login st2admin     (the password is in ~/.st2lite/data/admin-password)
"""


def main(argv: list[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(argv)
    try:
        return int(options.run(options))
    except St2liteError as error:
        print(f"st2lite: {error.message}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="st2lite", description="Event-driven automation, compatible with StackStorm.", epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"st2lite {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    command = commands.add_parser(
        "standalone", help="run API, auth, stream, workers and scheduler in one process on SQLite",
        description="Run everything in one process on SQLite.", epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    command.add_argument("--data-dir", type=_path, required=True, metavar="DIR", help="where everything is kept")
    command.add_argument(
        "--bind", type=_address, default=("127.0.0.1", 9101), metavar="HOST:PORT",
        help="address to answer on (default 127.0.0.1:9101)",
    )  # fmt: skip
    command.add_argument(
        "--packs", type=_directory, action="append", default=[], metavar="DIR",
        help="a directory of packs besides DATA-DIR/packs; may be given several times",
    )  # fmt: skip
    command.add_argument("--config-file", type=Path, metavar="FILE", help="an st2.conf for everything else")
    command.set_defaults(run=_standalone)
    add_backup_commands(commands)
    add_import_command(commands)
    add_migrate_command(commands)
    add_password_command(commands)
    add_remove_user_command(commands)
    add_system_packs_command(commands)
    return parser


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f'"{text}" is not HOST:PORT, like 127.0.0.1:9101')
    return host.strip("[]"), int(port)


def _path(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("is empty: name a directory")
    return Path(text)


def _directory(text: str) -> Path:
    path = _path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f'"{text}" is not a directory')
    return path


def _standalone(options: argparse.Namespace) -> int:
    from st2lite.services.daemon import StopSignal, run
    from st2lite.services.logs import set_up_logging
    from st2lite.services.standalone import Standalone, standalone_config
    from st2lite.services.supervisor import take_supervisor

    data_dir = options.data_dir.expanduser().resolve()
    host, port = options.bind
    config = standalone_config(data_dir, host, port, options.packs, options.config_file)
    set_up_logging(config, "st2lite")
    stop = StopSignal()
    run("st2lite", Standalone(config, data_dir), stop, take_supervisor())
    return 0


if __name__ == "__main__":
    sys.exit(main())
