"""``st2 inquiry``: questions that wait to have answered."""

from __future__ import annotations

import argparse

from st2client.commands.base import Command, Parser, Session
from st2client.commands.generic import Get, Kind, Newest
from st2client.documents import parse_json_argument
from st2client.errors import UsageError

INQUIRY = Kind("Inquiry", "id")
COLUMNS = ("id", "roles", "users", "route", "ttl")


class Respond(Command):
    """Answers an inquiry."""

    description = "Without --response, the answer is asked for field by field."
    examples = (("st2 inquiry respond 5f0c… -r '{\"continue\": true}'", "answer at once"),)

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("id", help="inquiry, which is an execution")
        parser.add_argument("-r", "--response", help="the answer, as a JSON object")

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        inquiry = INQUIRY.find(session, args.id)
        if args.response:
            answer = parse_json_argument(args.response, "--response")
            if not isinstance(answer, dict):
                raise UsageError("The value of --response must be a JSON object.")
        else:
            from st2client.forms import ask

            answer = ask((getattr(inquiry, "schema", None) or {}).get("properties") or {})
        accepted = session.manager("Inquiry").respond(args.id, answer)
        if session.printer.structured:
            session.printer.data(accepted.serialize())
        else:
            session.printer.line(f"\nResponse accepted for inquiry {args.id}.")
        return None


COMMANDS: dict[str, Command] = {
    "list": Newest(INQUIRY, COLUMNS),
    "get": Get(INQUIRY, (*COLUMNS, "schema"), order=(*COLUMNS, "schema")),
    "respond": Respond(),
}
