"""``st2 trigger``: kinds of events."""

from __future__ import annotations

import argparse

from st2client.commands.base import Command, Parser, Session
from st2client.commands.generic import Kind, standard

TRIGGER = Kind("TriggerType")
ORDER = ("id", "ref", "pack", "name", "description", "parameters_schema", "payload_schema")


class GetSpecs(Command):
    """Lists the triggers of a type: what rules ask of it."""

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("ref", nargs="?", help="trigger type (default: all)")

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        found = session.manager("Trigger").query(type=args.ref)
        # Servers do not filter here.
        chosen = [trigger for trigger in found if not args.ref or getattr(trigger, "type", args.ref) == args.ref]
        session.printer.items(chosen, ["all"])
        return None


COMMANDS: dict[str, Command] = {
    **standard(TRIGGER, ("ref", "pack", "description"), "list", "get", "create", "update", "delete", order=ORDER),
    "getspecs": GetSpecs(),
}
