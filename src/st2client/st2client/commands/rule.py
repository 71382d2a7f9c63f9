"""``st2 rule``: when to run which action."""

from __future__ import annotations

import argparse
from typing import Any

from st2client.commands.base import Command, Parser
from st2client.commands.generic import Kind, Newest, standard

RULE = Kind("Rule")
COLUMNS = ("ref", "pack", "description", "enabled")
ORDER = ("id", "uid", "ref", "pack", "name", "description", "enabled")
IFTTT_COLUMNS = ("ref", "trigger.ref", "action.ref", "enabled")


class ListRules(Newest):
    """Lists rules."""

    includes = True
    newest_first = False
    examples = (
        ("st2 rule list --iftt", "which trigger runs which action"),
        ("st2 rule list --action core.local --enabled", "what runs an action"),
    )

    def filters(self, parser: Parser) -> None:
        parser.add_argument("--iftt", action="store_true", help="show the trigger and the action of each")
        parser.add_argument("-p", "--pack", help="only those of this pack")
        parser.add_argument("-c", "--action", help="only those that run this action")
        parser.add_argument("-g", "--trigger", help="only those of this trigger")
        group = parser.add_mutually_exclusive_group()
        group.add_argument("--enabled", action="store_true", help="only enabled ones")
        group.add_argument("--disabled", action="store_true", help="only disabled ones")

    def query(self, args: argparse.Namespace) -> dict[str, Any]:
        if args.iftt:
            args.attr = list(IFTTT_COLUMNS)
        query = {"pack": args.pack, "action": args.action, "trigger": args.trigger}
        if args.enabled or args.disabled:
            query["enabled"] = args.enabled
        return query


COMMANDS: dict[str, Command] = {
    **standard(RULE, COLUMNS, "get", "create", "update", "delete", "enable", "disable", order=ORDER),
    "list": ListRules(RULE, COLUMNS),
}
