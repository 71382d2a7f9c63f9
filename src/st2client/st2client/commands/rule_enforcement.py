"""``st2 rule-enforcement``: times that rules matched."""

from __future__ import annotations

import argparse
from typing import Any

from st2client.commands.base import Command, Parser, Session
from st2client.commands.generic import Get, Kind, Newest
from st2client.output.table import Transforms

ENFORCEMENT = Kind("RuleEnforcement", "id")
COLUMNS = ("id", "rule.ref", "trigger_instance_id", "execution_id", "enforced_at")


class ListEnforcements(Newest):
    """Lists the newest rule enforcements."""

    def filters(self, parser: Parser) -> None:
        parser.add_argument("--trigger-instance", help="only those of this event")
        parser.add_argument("--execution", help="only the one that led to this execution")
        parser.add_argument("--rule", help="only those of this rule")
        parser.add_argument("-tg", "--timestamp-gt", metavar="TIME", help="only later ones (2000-01-01T12:00:00.000Z)")
        parser.add_argument("-tl", "--timestamp-lt", metavar="TIME", help="only earlier ones")

    def query(self, args: argparse.Namespace) -> dict[str, Any]:
        return {
            "trigger_instance": args.trigger_instance,
            "execution": args.execution,
            "rule_ref": args.rule,
            "enforced_at_gt": args.timestamp_gt,
            "enforced_at_lt": args.timestamp_lt,
        }

    def transforms(self, session: Session) -> Transforms:
        return {"enforced_at": session.printer.time}


_DETAILS = ("id", "rule.ref", "trigger_instance_id", "execution_id", "failure_reason", "enforced_at")

COMMANDS: dict[str, Command] = {
    "list": ListEnforcements(ENFORCEMENT, COLUMNS),
    "get": Get(ENFORCEMENT, _DETAILS, order=_DETAILS),
}
