"""``st2 timer``: timers that rules use."""

from __future__ import annotations

import argparse
from typing import Any

from st2client.commands.base import Command, Parser
from st2client.commands.generic import FilteredList, Get, Kind

TIMER = Kind("Timer")


class ListTimers(FilteredList):
    """Lists timers."""

    def arguments(self, parser: Parser) -> None:
        super().arguments(parser)
        parser.add_argument("-ty", "--timer-type", help="only this type, such as core.st2.IntervalTimer")

    def filters(self, args: argparse.Namespace) -> dict[str, Any]:
        return {"timer_type": args.timer_type}


COMMANDS: dict[str, Command] = {
    "list": ListTimers(TIMER, ("id", "uid", "pack", "name", "type", "parameters")),
    "get": Get(TIMER, order=("type", "pack", "name", "description", "parameters")),
}
