"""``st2 role-assignment``: who has which role."""

from __future__ import annotations

import argparse
from typing import Any

from st2client.commands.base import Command, Parser
from st2client.commands.generic import FilteredList, Get, Kind

ASSIGNMENT = Kind("UserRoleAssignment", "id")
COLUMNS = ("id", "role", "user", "is_remote", "source", "description")


class ListAssignments(FilteredList):
    """Lists role assignments."""

    def arguments(self, parser: Parser) -> None:
        super().arguments(parser)
        parser.add_argument("-r", "--role", help="only those of this role")
        parser.add_argument("-u", "--user", help="only those of this user")
        parser.add_argument("-s", "--source", help="only those that come from here")
        parser.add_argument("--remote", action="store_true", help="only those that come from a directory service")

    def filters(self, args: argparse.Namespace) -> dict[str, Any]:
        return {name: getattr(args, name) for name in ("role", "user", "source", "remote")}


COMMANDS: dict[str, Command] = {
    "list": ListAssignments(ASSIGNMENT, COLUMNS),
    "get": Get(ASSIGNMENT, order=COLUMNS),
}
