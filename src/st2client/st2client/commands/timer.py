"""``st2 timer``: timers that rules use."""

from __future__ import annotations

import argparse
from typing import Any

from st2client.commands.base import Command, Parser, Session
from st2client.commands.generic import Get, Kind, List

TIMER = Kind("Timer")


class ListTimers(List):
    """Lists timers."""

    def arguments(self, parser: Parser) -> None:
        super().arguments(parser)
        parser.add_argument("-ty", "--timer-type", help="only this type, such as core.st2.IntervalTimer")

    def fetch(self, args: argparse.Namespace, session: Session) -> list[Any]:
        found: list[Any] = session.manager("Timer").get_all(params={"timer_type": args.timer_type})
        return found


COMMANDS: dict[str, Command] = {
    "list": ListTimers(TIMER, ("id", "uid", "pack", "name", "type", "parameters")),
    "get": Get(TIMER),
}
