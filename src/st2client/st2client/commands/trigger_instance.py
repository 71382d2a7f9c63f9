"""``st2 trigger-instance``: events that happened."""

from __future__ import annotations

import argparse
from typing import Any

from st2client.commands.base import Command, Parser, Session
from st2client.commands.generic import Get, Kind, Newest
from st2client.output.table import Transforms

INSTANCE = Kind("TriggerInstance", "id")
COLUMNS = ("id", "trigger", "occurrence_time", "status")


class ListInstances(Newest):
    """Lists the newest trigger instances."""

    includes = True

    def filters(self, parser: Parser) -> None:
        parser.add_argument("--trigger", help="only those of this trigger")
        parser.add_argument("-tg", "--timestamp-gt", metavar="TIME", help="only later ones (2000-01-01T12:00:00.000Z)")
        parser.add_argument("-tl", "--timestamp-lt", metavar="TIME", help="only earlier ones")
        parser.add_argument("--status", help="pending, processing, processed or processing_failed")

    def query(self, args: argparse.Namespace) -> dict[str, Any]:
        return {name: getattr(args, name) for name in ("trigger", "timestamp_gt", "timestamp_lt", "status")}

    def transforms(self, session: Session) -> Transforms:
        return {"occurrence_time": session.printer.time}


class ReEmit(Command):
    """Lets an event happen once more."""

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("id", help="event to repeat")

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        answer = session.manager("TriggerInstance").re_emit(args.id)
        if session.printer.structured:
            session.printer.data(answer)
        else:
            session.printer.line(answer["message"])
        return None


COMMANDS: dict[str, Command] = {
    "list": ListInstances(INSTANCE, COLUMNS),
    "get": Get(INSTANCE, order=("id", "trigger", "occurrence_time", "payload")),
    "re-emit": ReEmit(),
}
