"""``st2 role``: sets of permissions."""

from __future__ import annotations

import argparse
from typing import Any

from st2client.commands.base import Command, Parser, Session
from st2client.commands.generic import Get, Kind, List

ROLE = Kind("Role", "id")


class ListRoles(List):
    """Lists roles."""

    def arguments(self, parser: Parser) -> None:
        super().arguments(parser)
        parser.add_argument("-s", "--system", action="store_true", help="only those that come with the product")

    def fetch(self, args: argparse.Namespace, session: Session) -> list[Any]:
        found: list[Any] = session.manager("Role").get_all(params={"system": True} if args.system else {})
        return found


COMMANDS: dict[str, Command] = {
    "list": ListRoles(ROLE, ("id", "name", "system", "description")),
    "get": Get(ROLE),
}
