"""`st2lite remove-user`: take somebody's login away, and what it has brought."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from st2lite.commands.place import add_place_options, config_of
from st2lite.commands.set_password import password_file, read_record, user_name, write_record
from st2lite.models.errors import InvalidInput, St2liteError

if TYPE_CHECKING:
    from st2lite.config.schema import Config

_EPILOG = """\
The password is taken out of the htpasswd file, tokens end, API keys are disabled (st2 apikey enable gives one back).
What the user has made stays: executions, rules, values of the datastore. Services need no restart.

exit codes: 0 the user has neither login nor tokens nor enabled keys, 2 an error

examples:
  st2lite remove-user ada
  st2lite remove-user --data-dir ~/.st2lite/data ada
  st2lite remove-user --record /var/lib/st2lite/logins --keep st2admin
"""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `remove-user` to the commands of st2lite."""
    help_text = "take a user's login, tokens and API keys away"
    command = commands.add_parser(
        "remove-user", help=help_text, description=f"{help_text[0].upper()}{help_text[1:]}.", epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    command.add_argument("users", metavar="USER", nargs="*", help="name to log in with")
    add_place_options(command)
    command.add_argument(
        "--record", type=Path, metavar="FILE", help="a list that set-password has written: those in it are removed"
    )
    command.add_argument(
        "--keep", metavar="USER", action="append", default=[], help="but not this one; may be given several times"
    )
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    users = [user_name(user) for user in options.users]
    if not users and not options.record:
        raise InvalidInput("Name a user, or a list of them with --record.")
    recorded = read_record(options.record) if options.record else []
    gone = [*users, *(user for user in recorded if user not in options.keep)]
    if gone:
        _remove(config_of(options), gone)
        if options.record:
            write_record(options.record, [user for user in recorded if user not in gone])
    return 0


def _remove(config: Config, users: list[str]) -> None:
    from st2lite.auth.passwords import remove_password
    from st2lite.services.context import AppContext

    path = password_file(config)
    context = AppContext(config)
    try:
        for user in users:
            removed = remove_password(path, user)
            tokens, keys = context.tokens.revoke_all(user), context.api_keys.disable_all(user)
            what = f"Removed {user} from {path}" if removed else f"{user} has no login in {path}"
            print(f"{what}; tokens ended: {tokens}; API keys disabled: {keys}.")
    except OSError as error:
        raise St2liteError(f"{error.filename or path}: {error.strerror}.") from None
    finally:
        context.close()
