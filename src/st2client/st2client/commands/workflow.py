"""``st2 workflow``: help for authors of workflows."""

from __future__ import annotations

import argparse
import os

from st2client.commands.base import Command, Parser, Session
from st2client.commands.generic import Kind
from st2client.errors import ResponseError, UsageError

PACKS_DIRECTORY = "/opt/stackstorm/packs"


class Inspect(Command):
    """Looks for errors in a workflow definition."""

    examples = (("st2 workflow inspect --file actions/workflows/deploy.yaml", "a file on this machine"),)

    def arguments(self, parser: Parser) -> None:
        group = parser.add_mutually_exclusive_group(required=True)
        group.add_argument("--file", help="file with the definition")
        group.add_argument("--action", help=f"action whose definition is on this machine, under {PACKS_DIRECTORY}")

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        path = args.file
        if not path:
            action = Kind("Action").find(session, args.action)
            path = os.path.join(PACKS_DIRECTORY, action.pack, "actions", action.entry_point)
        if not os.path.isfile(path):
            raise UsageError(f'File "{path}" does not exist on local system.')
        with open(path, encoding="utf-8") as file:
            errors = session.manager("Workflow").inspect(file.read())
        if not isinstance(errors, list):
            raise ResponseError(f"The server did not answer with a list of errors: {errors}")
        if session.printer.structured:
            session.printer.data(errors)
        elif errors:
            from st2client.output.structured import to_yaml

            session.printer.line(to_yaml(errors))
        else:
            session.printer.line("No errors found in workflow definition.")
        return None


COMMANDS: dict[str, Command] = {"inspect": Inspect()}
