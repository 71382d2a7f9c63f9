"""``st2 action-alias``: chat commands."""

from __future__ import annotations

import argparse
from typing import Any

from st2client.commands.base import Command, Parser, Session, add_attributes, add_widths
from st2client.commands.generic import Kind, standard
from st2client.commands.view import add_display, add_waiting
from st2client.errors import OperationFailed
from st2client.models.action import Execution
from st2client.models.action_alias import ActionAliasMatch
from st2client.models.core import Resource
from st2client.output.attributes import get_value
from st2client.waiting import wait

ALIAS = Kind("ActionAlias")
ORDER = ("id", "ref", "pack", "name", "description", "enabled", "action_ref", "formats")
FORMATTER = "chatops.format_execution_result"


class Match(Command):
    """Shows the alias that a text matches."""

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("match_text", metavar="command", help="the text as it would be said in chat")
        add_attributes(parser, ("name", "description"))
        add_widths(parser)

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        alias, _ = session.manager("ActionAlias").match(ActionAliasMatch(command=args.match_text))
        session.printer.items([alias], args.attr, args.width)
        return None


class Execute(Command):
    """Runs the alias that a text matches."""

    def arguments(self, parser: Parser) -> None:
        _add_text(parser)

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        started = _start(args, session)
        if session.printer.structured:
            session.printer.data(started.serialize())
            return None
        session.printer.line(f"Matching Action-alias: '{started.actionalias['ref']}'")
        session.printer.line(f"To get the results, execute:\n st2 execution get {started.execution['id']}")
        return None


class Test(Command):
    """Runs the alias that a text matches, and shows the answer as the chat would."""

    def arguments(self, parser: Parser) -> None:
        _add_text(parser)
        add_display(parser, ("name",))
        add_waiting(parser)
        parser.add_argument("-a", "--async", action="store_true", dest="action_async", help="accepted, without effect")

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        printer = session.printer
        printer.line("Triggering execution via action alias\n")
        execution = Execution.deserialize(_start(args, session).execution)
        printer.line(f"Execution ({execution.id}) has been started, waiting for it to finish...\n")
        wait(session, execution)
        printer.line(f"\nExecution ({execution.id}) has finished, rendering result...\n")
        request = Execution(action=FORMATTER, parameters={"execution_id": execution.id}, user=args.user or "")
        rendering = session.manager("Execution").create(request)
        printer.line(f"Execution ({rendering.id}) has been started, waiting for it to finish...\n")
        rendering = session.manager("Execution").require(wait(session, rendering).id)
        message = get_value(getattr(rendering, "result", None), "result.message")
        if message is None:
            raise OperationFailed(
                f"{FORMATTER} gave no message (status {rendering.status}).",
                hint=f"See: st2 execution get {rendering.id}",
            )
        border = "=" * 80
        printer.line(f"\nFormatted ChatOps result message\n\n{border}\n{message}\n{border}\n")
        return None


def _add_text(parser: Parser) -> None:
    parser.add_argument("command_text", metavar="command", help="the text as it would be said in chat")
    parser.add_argument("-u", "--user", help="user to run it as (admins only)")


def _start(args: argparse.Namespace, session: Session) -> Any:
    request = Resource(command=args.command_text, user=args.user or "", source_channel="cli")
    return session.manager("ActionAliasExecution").match_and_execute(request)


COMMANDS: dict[str, Command] = {
    **standard(
        ALIAS,
        ("ref", "pack", "description", "enabled"),
        *("list", "get", "create", "update", "delete"),
        order=ORDER,
    ),
    "match": Match(),
    "execute": Execute(),
    "test": Test(),
}
