"""``st2 policy-type``: kinds of policies."""

from __future__ import annotations

import argparse
from typing import Any

from st2client.commands.base import Command, Parser
from st2client.commands.generic import FilteredList, Get, Kind

POLICY_TYPE = Kind("PolicyType")


class ListPolicyTypes(FilteredList):
    """Lists policy types."""

    def arguments(self, parser: Parser) -> None:
        super().arguments(parser)
        parser.add_argument("-r", "--resource-type", help="only those for this kind of resource")

    def filters(self, args: argparse.Namespace) -> dict[str, Any]:
        return {"resource_type": args.resource_type}


COMMANDS: dict[str, Command] = {
    "list": ListPolicyTypes(POLICY_TYPE, ("id", "resource_type", "name", "description")),
    "get": Get(POLICY_TYPE, order=("id", "name", "description")),
}
