"""Who you are: ``login``, ``whoami`` and ``auth``."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from st2client.commands.base import Command, Parser, Session
from st2client.credentials import cache_token, request_token, write_private
from st2client.errors import HTTPError, St2ClientError, UsageError
from st2client.models.auth import Token
from st2client.settings import config_directory


class Auth(Command):
    """Gets a token and prints it."""

    authenticates = False
    credential_options = False
    description = "The token is printed only; to have it remembered, use: st2 login"
    examples = (
        ("st2 auth st2admin", "ask for the password, print the token"),
        ("export ST2_AUTH_TOKEN=$(st2 auth -t st2admin)", "use the token in this shell"),
    )

    def arguments(self, parser: Parser) -> None:
        _add_credentials(parser)
        parser.add_argument("-t", "--only-token", action="store_true", help="print nothing but the token")

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        token = request_token(session.client, args.username, _password(args), args.ttl)
        if args.only_token:
            session.printer.line(token.token)
        else:
            session.printer.item(token, ["user", "token", "expiry"])
        return None


class Login(Command):
    """Gets a token, and remembers it and the user."""

    authenticates = False
    credential_options = False
    formats = False
    writes_config = True
    description = "The token is kept in ~/.st2/token-<user> and the user name in the configuration file, both private."
    examples = (
        ("st2 login st2admin", "ask for the password"),
        ('st2 login st2admin -p "$(cat password-file)"', "take the password from a file"),
    )

    def arguments(self, parser: Parser) -> None:
        _add_credentials(parser)
        parser.add_argument(
            "-w", "--write-password", action="store_true", help="keep the password too, in clear text, to renew tokens"
        )

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        password = _password(args)
        try:
            token = request_token(session.client, args.username, password, args.ttl)
        except HTTPError as error:
            hint = "Check the user name and the password." if error.response.status_code == 401 else error.hint
            raise St2ClientError(f"Failed to log in as {args.username}: {error}", hint) from error
        cache_token(token)
        path = session.config_path or os.path.join(config_directory(), "config")
        _remember(path, args.username, password if args.write_password else None)
        session.printer.line(f"Logged in as {args.username}")
        if not args.write_password:
            session.printer.line(f"\nThe token is good until {_expiry(token, session)}; then log in again.")
            session.printer.line(
                "With --write-password the password is kept too, in clear text, and tokens renew themselves."
            )
        return None


class Whoami(Command):
    """Shows who the server takes us for."""

    formats = True

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        printer = session.printer
        try:
            user: dict[str, Any] = session.client.get_user_info()
        except HTTPError as error:
            unauthorized = error.response.status_code == 401
            printer.line("Not authenticated" if unauthorized else "Unable to retrieve currently logged-in user")
            printer.remark(error.hint or str(error))
            return None
        if printer.structured:
            printer.data(user)
            return None
        authentication, rbac = user.get("authentication") or {}, user.get("rbac") or {}
        printer.line(f'Currently logged in as "{user["username"]}".\n')
        printer.line(f"Authentication method: {authentication.get('method')}")
        if authentication.get("token_expire"):
            printer.line(f"Authentication token expire time: {authentication['token_expire']}")
        printer.line(f"\nRBAC:\n - Enabled: {rbac.get('enabled')}\n - Roles: {', '.join(rbac.get('roles') or ())}")
        return None


def _add_credentials(parser: Parser) -> None:
    parser.add_argument("username", help="name of the user")
    parser.add_argument("-p", "--password", help="password (default: asked for)")
    parser.add_argument("-l", "--ttl", type=int, help="life of the token in seconds (the server sets a limit)")


def _password(args: argparse.Namespace) -> str:
    if args.password:
        return str(args.password)
    if not sys.stdin.isatty():
        # A pipe can hand over the password without its being seen in the list of processes.
        line = sys.stdin.readline().rstrip("\n")
        if line:
            return line
        raise UsageError(
            "No password given.", hint="Use a terminal, --password, or a pipe: cat file | st2 login <user>"
        )
    from getpass import getpass

    return getpass()


def _remember(path: str, username: str, password: str | None) -> None:
    """Write the user, and the password if there is one, into the configuration file."""
    import configparser
    import io

    config = configparser.ConfigParser(interpolation=None)
    try:
        config.read(path, encoding="utf-8")
    except configparser.Error as error:
        raise St2ClientError(f'Config "{path}" is not a valid INI file: {error}') from error
    if not config.has_section("credentials"):
        config.add_section("credentials")
    config.set("credentials", "username", username)
    if password is None:
        config.remove_option("credentials", "password")
    else:
        config.set("credentials", "password", password)
    text = io.StringIO()
    config.write(text)
    write_private(path, text.getvalue())


def _expiry(token: Token, session: Session) -> Any:
    return session.printer.time(getattr(token, "expiry", "")) or "it expires"


COMMANDS = {"auth": Auth(), "login": Login(), "whoami": Whoami()}
