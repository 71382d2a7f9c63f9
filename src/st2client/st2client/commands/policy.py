"""``st2 policy``: limits and retries put on actions."""

from __future__ import annotations

import argparse
from typing import Any

from st2client.commands.base import Command, Parser, Session
from st2client.commands.generic import Kind, List, standard
from st2client.output.attributes import include_query

POLICY = Kind("Policy")
COLUMNS = ("ref", "resource_ref", "policy_type", "enabled")
ORDER = ("id", "ref", "pack", "name", "description", "enabled", "resource_ref", "policy_type", "parameters")


class ListPolicies(List):
    """Lists policies."""

    def arguments(self, parser: Parser) -> None:
        super().arguments(parser)
        parser.add_argument("-r", "--resource-ref", help="only those of this action")
        parser.add_argument("-pt", "--policy-type", help="only those of this type")

    def fetch(self, args: argparse.Namespace, session: Session) -> list[Any]:
        filters = {"pack": args.pack, "resource_ref": args.resource_ref, "policy_type": args.policy_type}
        given = {name: value for name, value in filters.items() if value}
        query = {**given, "include_attributes": include_query(args.attr)}
        found: list[Any] = session.manager("Policy").query(**query)
        # Servers that know none of these filters send everything.
        return [item for item in found if all(getattr(item, name, value) == value for name, value in given.items())]


COMMANDS: dict[str, Command] = {
    **standard(POLICY, COLUMNS, "get", "create", "update", "delete", order=ORDER),
    "list": ListPolicies(POLICY, COLUMNS, of_pack=True),
}
