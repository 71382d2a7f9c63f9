"""`st2lite remove-user`: take somebody's login away, and what it has brought."""

from __future__ import annotations

import argparse

from st2lite.commands.place import add_place_options, config_of
from st2lite.commands.set_password import password_file, user_name
from st2lite.models.errors import St2liteError

_EPILOG = """\
The password is taken out of the htpasswd file, tokens end, API keys are disabled (st2 apikey enable gives one back).
What the user has made stays: executions, rules, values of the datastore. Services need no restart.

exit codes: 0 the user has neither login nor tokens nor enabled keys, 2 an error

examples:
  st2lite remove-user ada
  st2lite remove-user --data-dir ~/.st2lite/data ada
"""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `remove-user` to the commands of st2lite."""
    help_text = "take a user's login, tokens and API keys away"
    command = commands.add_parser(
        "remove-user", help=help_text, description=f"{help_text[0].upper()}{help_text[1:]}.", epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    command.add_argument("user", metavar="USER", help="name to log in with")
    add_place_options(command)
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    from st2lite.auth.passwords import remove_password
    from st2lite.services.context import AppContext

    user, config = user_name(options.user), config_of(options)
    path = password_file(config)
    try:
        removed = remove_password(path, user)
    except OSError as error:
        raise St2liteError(f"{error.filename or path}: {error.strerror}.") from None
    context = AppContext(config)
    try:
        tokens, keys = context.tokens.revoke_all(user), context.api_keys.disable_all(user)
    finally:
        context.close()
    if removed or tokens or keys:
        what = f"Removed {user} from {path}" if removed else f"{user} has no login in {path}"
        print(f"{what}; tokens ended: {tokens}; API keys disabled: {keys}.")
    else:
        print(f"{user} has no login in {path}, no tokens and no API keys that are enabled.")
    return 0
