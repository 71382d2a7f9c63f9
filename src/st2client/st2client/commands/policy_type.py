"""``st2 policy-type``: kinds of policies."""

from __future__ import annotations

import argparse
from typing import Any

from st2client.commands.base import Command, Parser, Session
from st2client.commands.generic import Get, Kind, List

POLICY_TYPE = Kind("PolicyType")


class ListPolicyTypes(List):
    """Lists policy types."""

    def arguments(self, parser: Parser) -> None:
        super().arguments(parser)
        parser.add_argument("-r", "--resource-type", help="only those for this kind of resource")

    def fetch(self, args: argparse.Namespace, session: Session) -> list[Any]:
        found: list[Any] = session.manager("PolicyType").get_all(params={"resource_type": args.resource_type})
        return found


COMMANDS: dict[str, Command] = {
    "list": ListPolicyTypes(POLICY_TYPE, ("id", "resource_type", "name", "description")),
    "get": Get(POLICY_TYPE),
}
