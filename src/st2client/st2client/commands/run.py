"""``st2 run``: run an action and wait for its result."""

from __future__ import annotations

import argparse
import os
from typing import Any

from st2client import parameters
from st2client.commands.base import Command, Parser, Session
from st2client.commands.view import add_display, add_waiting, conclude, merged_parameters
from st2client.errors import NotFoundError
from st2client.models.action import Execution


class Run(Command):
    """Runs an action.

    :param waits: whether it waits for the end unless told otherwise.
    """

    plain_help = False
    rest_argument = "parameters"
    description = (
        "A parameter is given as name=value, or as @name=path to take the content of a file. Arrays are JSON or\n"
        "items separated by commas, objects are JSON or key=value pairs separated by commas. A word without = begins\n"
        "a shell command (parameter cmd) that takes the rest of the line; put -- before one with options of its own.\n"
        "With an action, --help shows the action's parameters."
    )
    examples = (
        ("st2 run core.local date", "run a shell command on the server"),
        ("st2 run core.local -- ls -la /", "a shell command with options"),
        ("st2 run core.remote hosts=web1,web2 username=deploy cmd=uptime", "parameters by name"),
        ("st2 run core.http --help", "show what an action takes"),
        ("st2 run -a core.local sleep 60", "do not wait for the end"),
        ("st2 run -j core.http url=https://example.com", "the whole answer as JSON"),
        ("st2 run -k stdout core.local date", "one part of the result"),
    )

    def __init__(self, waits: bool = True) -> None:
        self.waits = waits

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("ref_or_id", nargs="?", metavar="ref-or-id", help="action: pack.name, or its id")
        parser.add_argument("parameters", nargs="*", help="parameters of the action")
        parser.add_argument("-h", "--help", action="store_true", help="show this help, or the action's")
        add_display(parser)
        add_waiting(parser)
        parser.add_argument("-a", "--async", action="store_true", dest="action_async", help="do not wait for the end")
        parser.add_argument("-e", "--inherit-env", action="store_true", help="pass this shell's environment on as env")
        parser.add_argument("-u", "--user", help="user to run it as (admins only)")
        parser.add_argument("--trace-tag", "--trace_tag", help="tag of the trace it begins")
        parser.add_argument("--trace-id", help="trace it belongs to")
        parser.set_defaults(action_async=not self.waits)

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        if not args.ref_or_id:
            if args.help:
                self.parser().print_help()
                return 0
            self.parser().error("which action? For instance: st2 run core.local date (st2 action list shows them all)")
        action, runner = find_action(session, args.ref_or_id)
        if args.help:
            from st2client.commands.action_help import print_help

            print_help(session.printer, action, runner)
            return 0
        request = Execution(action=f"{action.pack}.{action.name}", parameters=read_parameters(args, action, runner))
        request.user = args.user
        if args.delay:
            request.delay = args.delay
        if args.trace_id:
            request.context = {"trace_context": {"id_": args.trace_id}}
        elif args.trace_tag:
            request.context = {"trace_context": {"trace_tag": args.trace_tag}}
        execution = session.manager("Execution").create(request)
        return conclude(execution, args, session)


def find_action(session: Session, ref_or_id: str) -> tuple[Any, Any]:
    """Fetch an action and its runner.

    :raises NotFoundError: either does not exist.
    """
    action = session.manager("Action").get_by_ref_or_id(ref_or_id)
    if not action:
        raise NotFoundError(f'Action "{ref_or_id}" cannot be found.', hint="See the actions there are: st2 action list")
    runner = session.manager("RunnerType").get_by_name(action.runner_type)
    if not runner:
        raise NotFoundError(f'Runner type "{action.runner_type}" for action "{action.name}" cannot be found.')
    return action, runner


def read_parameters(args: argparse.Namespace, action: Any, runner: Any) -> dict[str, Any]:
    """The parameters given on the command line."""
    of_runner, of_action = merged_parameters(runner, action)
    given = parameters.parse(args.parameters or (), of_runner, of_action, action.ref, args.auto_dict)
    if args.inherit_env:
        return {"env": parameters.inherited_environment(os.environ), **given}
    return given


COMMANDS: dict[str, Command] = {"run": Run()}
