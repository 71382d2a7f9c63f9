"""``st2 role``: sets of permissions."""

from __future__ import annotations

import argparse
from typing import Any

from st2client.commands.base import Command, Parser
from st2client.commands.generic import FilteredList, Get, Kind

ROLE = Kind("Role", "id")
COLUMNS = ("id", "name", "system", "description")


class ListRoles(FilteredList):
    """Lists roles."""

    def arguments(self, parser: Parser) -> None:
        super().arguments(parser)
        parser.add_argument("-s", "--system", action="store_true", help="only those that come with the product")

    def filters(self, args: argparse.Namespace) -> dict[str, Any]:
        return {"system": args.system}


COMMANDS: dict[str, Command] = {
    "list": ListRoles(ROLE, COLUMNS),
    "get": Get(ROLE, order=COLUMNS),
}
