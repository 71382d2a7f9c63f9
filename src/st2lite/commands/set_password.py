"""`st2lite set-password`: a user's password in the htpasswd file, read from standard input."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from st2lite.commands.place import add_place_options, config_of
from st2lite.models.errors import InvalidInput, St2liteError, Unauthorized

if TYPE_CHECKING:
    from st2lite.auth.passwords import FlatFile
    from st2lite.config.schema import Config

_EPILOG = """\
The password is asked for, or it is the first line of standard input: it never is an argument, which all users of the
host could read. Services need no restart.

exit codes: 0 the user has this password (or, with --keep, has one), 1 with --check: another one or none, 2 an error

examples:
  st2lite set-password ada
  st2lite set-password --data-dir ~/.st2lite/data ada
  st2lite set-password --file /etc/st2/htpasswd --keep ada < password
"""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `set-password` to the commands of st2lite."""
    help_text = "give a user a password, or a new one"
    command = commands.add_parser(
        "set-password", help=help_text, description=f"{help_text[0].upper()}{help_text[1:]}.", epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    command.add_argument("user", metavar="USER", help="name to log in with")
    add_place_options(command)
    command.add_argument("--file", type=Path, metavar="FILE", help="the htpasswd file (default: that of st2.conf)")
    command.add_argument(
        "--record", type=Path, metavar="FILE", help="list of the users who have got a password here; the user is added"
    )
    what = command.add_mutually_exclusive_group()
    what.add_argument("--keep", action="store_true", help="leave a user alone who has a password")
    what.add_argument("--check", action="store_true", help="only say whether this is the user's password")
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from st2lite.auth.passwords import FlatFile, users_of, write_password

    user, path = user_name(options.user), options.file or password_file(config_of(options))
    password = _read_password(user)
    try:
        if options.keep and user in users_of(path):
            print(f"{user} keeps the password in {path}.")
            return 0
        if path.is_file() and _fits(FlatFile(path), user, password):
            print(f"{user} has this password in {path}.")
            return 0
        if options.check:
            print(f"This is not the password of {user} in {path}.")
            return 1
        if options.record:
            _add_to_record(options.record, user)
        write_password(path, user, password)
    except OSError as error:
        raise St2liteError(f"{error.filename or path}: {error.strerror}.") from None
    print(f"Set the password of {user} in {path}.")
    return 0


def user_name(name: str) -> str:
    """The name as it is; raise `InvalidInput` if it cannot stand in an htpasswd file."""
    if not name or name.startswith("#") or any(not letter.isprintable() or letter in ": " for letter in name):
        raise InvalidInput(f'USER: "{name}" cannot be a name: it may hold neither blanks nor colons nor begin with #.')
    return name


def password_file(config: Config) -> Path:
    """The htpasswd file of a configuration; raise `InvalidInput` if it has none."""
    auth = config.auth
    path = auth.backend_kwargs.get("file_path")
    if auth.mode != "standalone" or not path:
        raise InvalidInput('[auth]: passwords are kept in no file here; mode must be "standalone", or give --file.')
    return Path(path)


def read_record(path: Path) -> list[str]:
    """Names in a list of users; none if there is no such file."""
    return path.read_text("utf-8").splitlines() if path.exists() else []


def write_record(path: Path, users: list[str]) -> None:
    """Write a list of users in one step (mode 0600). Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write("".join(f"{user}\n" for user in users))
    new.replace(path)


def _add_to_record(path: Path, user: str) -> None:
    """Add a user to a list in which there may be none yet."""
    users = read_record(path)
    if user not in users:
        write_record(path, sorted([*users, user]))


def _fits(file: FlatFile, user: str, password: str) -> bool:
    try:
        file.verify(user, password)
    except Unauthorized:
        return False
    return True


def _read_password(user: str) -> str:
    if sys.stdin.isatty():
        password = getpass.getpass(f"New password of {user}: ")
        if password and getpass.getpass("Once more: ") != password:
            raise InvalidInput("The two passwords differ; nothing was changed.")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise InvalidInput("The password is empty: write it to standard input.")
    return password
