"""``st2 execution``: runs of actions."""

from __future__ import annotations

import argparse
from typing import Any

from st2client.commands.base import Command, Parser, Session
from st2client.commands.generic import Kind, Newest, fetch_each
from st2client.commands.run import find_action, read_parameters
from st2client.commands.view import add_display, add_waiting, conclude, show
from st2client.errors import HTTPError, NotFoundError
from st2client.output.attributes import include_query, wants_all
from st2client.output.execution import DISPLAYED, mark_workflows, transforms, with_elapsed
from st2client.output.table import Transforms

EXECUTION = Kind("Execution", "id")

#: Fetched along with what is shown: needed to tell workflows and elapsed times.
_NEEDED = ("action.ref", "action.runner_type", "start_timestamp", "end_timestamp", "log", "status")


class ListExecutions(Newest):
    """Lists the newest executions, those of tasks inside workflows only on request."""

    includes = True
    examples = (
        ("st2 execution list -n 5", "the five newest"),
        ("st2 execution list --status failed --action core.http", "failed runs of one action"),
        ("st2 execution list -tg 2026-01-01T00:00:00Z -j", "since a time, as JSON"),
    )

    def filters(self, parser: Parser) -> None:
        parser.add_argument(
            "-s",
            "--sort",
            dest="sort_order",
            default="descending",
            choices=_ORDERS,
            metavar="ORDER",
            help="by start: desc (newest are taken) or asc (oldest are taken)",
        )
        parser.add_argument("--action", help="only runs of this action")
        parser.add_argument("--status", help="only those in this status, such as succeeded, failed or running")
        parser.add_argument("--user", help="only those of this user")
        parser.add_argument("--trigger_instance", "--trigger-instance", help="only those that this event led to")
        parser.add_argument("-tg", "--timestamp-gt", metavar="TIME", help="only later ones (2000-01-01T12:00:00.000Z)")
        parser.add_argument("-tl", "--timestamp-lt", metavar="TIME", help="only earlier ones")
        parser.add_argument("-l", "--showall", action="store_true", help="also those inside workflows")

    def query(self, args: argparse.Namespace) -> dict[str, Any]:
        names = ("action", "status", "user", "trigger_instance", "timestamp_gt", "timestamp_lt")
        query = {name: getattr(args, name) for name in names}
        if not args.showall:
            query["parent"] = "null"
        query["sort_asc" if args.sort_order.startswith("asc") else "sort_desc"] = True
        return query

    def show(self, items: list[Any], args: argparse.Namespace, session: Session) -> None:
        if not session.printer.structured:
            mark_workflows(items)
            items = [with_elapsed(item) for item in items]
        super().show(items, args, session)

    def transforms(self, session: Session) -> Transforms:
        return transforms(session.printer)


_ORDERS = ("asc", "ascending", "desc", "descending")


class GetExecutions(Command):
    """Shows executions."""

    examples = (
        ("st2 execution get last", "the newest one"),
        ("st2 execution get 5f0c… -k stdout", "only what it printed"),
        ("st2 execution get 5f0c… -j --attr all", "everything, as JSON"),
    )

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("id", nargs="+", help="execution, or last")
        parser.add_argument("-x", "--exclude-result", action="store_true", help="leave the result out")
        add_display(parser, (*DISPLAYED[:-1], "log", "result"))
        add_waiting(parser)  # accepted for the sake of existing scripts

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        if args.exclude_result:
            params = {"exclude_attributes": "result"}
            args.attr = [name for name in args.attr if name != "result"]
        else:
            extra = (*_NEEDED, "result") if args.key else _NEEDED
            include = include_query(args.attr, extra if not wants_all(args.attr) else ())
            params = {"include_attributes": include} if include else {}
        for execution in fetch_each(EXECUTION, args.id, session, params=params):
            if not session.printer.structured:
                with_elapsed(execution)
            show(execution, args, session)
        return None


class ChangeExecutions(Command):
    """Pauses or resumes executions.

    :param method: of the manager: ``pause`` or ``resume``.
    """

    def __init__(self, method: str) -> None:
        self.method = method

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("ids", nargs="+", metavar="id", help="execution of a workflow")
        add_display(parser)
        add_waiting(parser)  # accepted for the sake of existing scripts

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        for execution_id in args.ids:
            execution = getattr(session.manager("Execution"), self.method)(execution_id)
            if not session.printer.structured:
                with_elapsed(execution)
            show(execution, args, session)
        return None


class CancelExecutions(Command):
    """Cancels executions."""

    examples = (("st2 execution cancel 5f0c…", "stop an execution; its children in a workflow stop too"),)

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("ids", nargs="+", metavar="id", help="execution")

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        answers = []
        for execution_id in args.ids:
            answer = session.manager("Execution").delete_by_id(execution_id)
            if answer is True:
                raise NotFoundError(f"Cannot cancel action execution for id {execution_id}: it is not found.")
            answers.append(answer)
            if not session.printer.structured:
                session.printer.line(answer.get("faultstring") or f"action execution with id {execution_id} canceled.")
        if session.printer.structured:
            session.printer.data(answers)
        return None


class ReRun(Command):
    """Runs an execution again."""

    plain_help = False
    rest_argument = "parameters"
    description = "The parameters are those of the first run, with the given ones put over them."
    examples = (
        ("st2 execution re-run 5f0c…", "the same again"),
        ("st2 execution re-run 5f0c… cmd=uptime", "with another parameter"),
        ("st2 execution re-run 5f0c… --tasks deploy test", "only these tasks of a workflow"),
    )

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("id", nargs="?", help="execution to run again")
        parser.add_argument("parameters", nargs="*", help="parameters, as for st2 run")
        parser.add_argument("--tasks", nargs="*", metavar="TASK", help="tasks of the workflow to run again")
        parser.add_argument(
            "--no-reset", nargs="*", metavar="TASK", help="of these, tasks whose finished items are kept"
        )
        parser.add_argument("-a", "--async", action="store_true", dest="action_async", help="do not wait for the end")
        parser.add_argument("-e", "--inherit-env", action="store_true", help="pass this shell's environment on as env")
        parser.add_argument("-h", "--help", action="store_true", help="show this help, or the action's")
        add_display(parser)
        add_waiting(parser)

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        if not args.id:
            if args.help:
                self.parser().print_help()
                return 0
            self.parser().error("which execution? st2 execution list shows the newest")
        manager = session.manager("Execution")
        try:
            first = manager.get_by_id(args.id)
        except HTTPError as error:
            if error.response.status_code != 400:
                raise
            first = None
        if not first:
            raise NotFoundError(f'Action execution with id "{args.id}" cannot be found.')
        action, runner = find_action(session, first.action["ref"])
        if args.help:
            from st2client.commands.action_help import print_help

            print_help(session.printer, action, runner)
            return 0
        given = read_parameters(args, action, runner)
        execution = manager.re_run(args.id, given, tasks=args.tasks, no_reset=args.no_reset, delay=args.delay)
        return conclude(execution, args, session)


class Tail(Command):
    """Follows the output of an execution."""

    description = "Ends when the execution does. Of a workflow, the output of all tasks is shown."
    examples = (
        ("st2 execution tail", "the newest execution"),
        ("st2 execution tail 5f0c… --type stderr", "only what goes to stderr"),
    )

    def arguments(self, parser: Parser) -> None:
        parser.add_argument("id", nargs="?", default="last", help="execution (default: last, the newest one)")
        parser.add_argument("--type", dest="output_type", help="stdout, stderr, output or all (default)")
        parser.add_argument("--include-metadata", action="store_true", help="put time and type before each piece")

    def run(self, args: argparse.Namespace, session: Session) -> int | None:
        from st2client.tailing import tail

        manager = session.manager("Execution")
        if args.id == "last":
            newest = manager.query(limit=1)
            if not newest:
                session.printer.line("No executions found in db.")
                return None
            execution = newest[0]
        else:
            execution = manager.get_by_id(args.id)
        if not execution:
            raise NotFoundError(f"Execution with id {args.id} not found.", hint="See the newest: st2 execution list")
        tail(session, execution, args.output_type, args.include_metadata)
        return None


COMMANDS: dict[str, Command] = {
    "list": ListExecutions(
        EXECUTION, ("id", "action.ref", "context.user", "status", "start_timestamp", "end_timestamp")
    ),
    "get": GetExecutions(),
    "cancel": CancelExecutions(),
    "pause": ChangeExecutions("pause"),
    "resume": ChangeExecutions("resume"),
    "re-run": ReRun(),
    "tail": Tail(),
}
