"""``st2 role-assignment``: who has which role."""

from __future__ import annotations

import argparse
from typing import Any

from st2client.commands.base import Command, Parser, Session
from st2client.commands.generic import Get, Kind, List

ASSIGNMENT = Kind("UserRoleAssignment", "id")


class ListAssignments(List):
    """Lists role assignments."""

    def arguments(self, parser: Parser) -> None:
        super().arguments(parser)
        parser.add_argument("-r", "--role", help="only those of this role")
        parser.add_argument("-u", "--user", help="only those of this user")
        parser.add_argument("-s", "--source", help="only those that come from here")
        parser.add_argument("--remote", action="store_true", help="only those that come from a directory service")

    def fetch(self, args: argparse.Namespace, session: Session) -> list[Any]:
        params = {"role": args.role, "user": args.user, "source": args.source, "remote": args.remote or None}
        found: list[Any] = session.manager("UserRoleAssignment").get_all(params=params)
        return found


COMMANDS: dict[str, Command] = {
    "list": ListAssignments(ASSIGNMENT, ("id", "role", "user", "is_remote", "source", "description")),
    "get": Get(ASSIGNMENT),
}
