"""Waiting for executions and showing them: shared by ``run``, ``action execute`` and ``execution``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any

from st2client.commands.base import Parser, Session, add_attributes, add_widths
from st2client.errors import UsageError
from st2client.output.attributes import get_value
from st2client.output.execution import DISPLAYED, is_workflow, task_rows, transforms
from st2client.waiting import wait

_HEADER = ["id", "action.ref", "parameters", "status", "start_timestamp", "end_timestamp", "log"]
_TASK_COLUMNS = ("id", "status", "task", "action", "start_timestamp")


def add_display(parser: Parser, columns: tuple[str, ...] = DISPLAYED) -> None:
    """The options that say what of an execution is shown."""
    add_attributes(parser, columns, short=False)
    parser.add_argument("-d", "--detail", action="store_true", help="show it as a table of properties")
    parser.add_argument("-k", "--key", help="show only this part of the result, such as stdout or output.items.0")
    parser.add_argument("--raw", action="store_true", help="show a workflow without its tasks")
    parser.add_argument("--show-tasks", action="store_true", help="show the tasks of a workflow")
    parser.add_argument("--depth", type=int, default=-1, help="levels of tasks to show (default: all)")
    parser.add_argument("--with-schema", action="store_true", help="show an output schema that fits the result")
    add_widths(parser)


def add_waiting(parser: Parser) -> None:
    """The options of what starts an execution."""
    parser.add_argument("--delay", type=int, metavar="MS", help="milliseconds to wait before it begins")
    parser.add_argument("--tail", action="store_true", help="follow its output")
    parser.add_argument(
        "--auto-dict", action="store_true", help="make an object of an array whose items all look like name:value"
    )


def merged_parameters(runner: Any, action: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The parameters declared by the runner and by the action."""
    return getattr(runner, "runner_parameters", None) or {}, getattr(action, "parameters", None) or {}


def conclude(execution: Any, args: argparse.Namespace, session: Session) -> int:
    """Wait for a new execution as the options say, show it, and return the exit code."""
    printer = session.printer
    if args.tail:
        from st2client.tailing import tail

        printer.line(f'Tailing execution "{execution.id}"')
        tail(session, execution)
        printer.line()
        execution = wait(session, session.manager("Execution").require(execution.id))
    elif args.action_async:
        if printer.structured:
            show(execution, args, session)
            return 0
        printer.line(f"To get the results, execute:\n st2 execution get {execution.id}")
        printer.line(f"\nTo view output in real-time, execute:\n st2 execution tail {execution.id}")
        return 0
    else:
        execution = wait(session, execution)
    show(execution, args, session)
    return 1 if execution.status == "failed" else 0


def show(execution: Any, args: argparse.Namespace, session: Session) -> None:
    """Print an execution: a workflow with its tasks, unless told otherwise."""
    workflow = is_workflow(execution)
    if args.show_tasks and not workflow:
        raise UsageError("--show-tasks option can only be used with workflow actions")
    if workflow and not args.raw and not args.detail and not args.key:
        _show_workflow(execution, args, session)
    elif args.key:
        _show_key(execution, args.key, session)
    elif args.detail:
        session.printer.item(execution, args.attr, (*DISPLAYED[:-1], "log", "result"), transforms(session.printer))
    else:
        session.printer.fields(execution, args.attr, transforms(session.printer))
    if args.with_schema and not session.printer.structured:
        _show_schema(execution, session)


def _show_key(execution: Any, key: str, session: Session) -> None:
    value = get_value(getattr(execution, "result", None), key)
    if session.printer.structured:
        session.printer.data({"result": {key: value}})
    elif isinstance(value, (dict, list)):
        session.printer.line(json.dumps(value, indent=4, ensure_ascii=False))
    else:
        session.printer.line(str(value))


def _show_workflow(execution: Any, args: argparse.Namespace, session: Session) -> None:
    printer = session.printer
    children = session.manager("Execution").get_property(execution.id, "children", depth=args.depth) or []
    header, document = list(_HEADER), dict(vars(execution))
    for name, value in _failure(execution).items():
        header.insert(header.index("end_timestamp"), name)
        document[name] = value
    if printer.structured:
        from st2client.output.attributes import select

        data = select(document, [*header, "result"])
        if children:
            columns = (*_TASK_COLUMNS, "end_timestamp")
            data["tasks"] = [select(row, columns) for row in task_rows(children, execution.id, plain=True)]
        printer.data(data)
        return
    document.update(last := _last_result(document.get("result")))
    place = header.index("status") + 1 if last else len(header)
    header[place:place] = [*last] or ["result"]
    printer.fields(document, header, transforms(printer))
    if children:
        printer.items(task_rows(children, execution.id), _TASK_COLUMNS, args.width, transforms(printer))


def _last_result(result: Any) -> dict[str, Any]:
    """The last task of a chain and its result: what people run it for."""
    tasks = result.get("tasks") if isinstance(result, dict) else None
    last = tasks[-1] if isinstance(tasks, list) and tasks else None
    if not isinstance(last, dict) or not last.get("result"):
        return {}
    return {"result_task": last.get("name", "unknown"), "result": last["result"]}


def _failure(execution: Any) -> dict[str, Any]:
    """What to say about a workflow that failed, beside its result."""
    result = getattr(execution, "result", None)
    if execution.status.split(" ")[0] != "failed" or not isinstance(result, dict):
        return {}
    if result.get("error"):
        found = {"error": result["error"], "traceback": result.get("traceback")}
        return {name: value for name, value in found.items() if value}
    tasks = result.get("tasks") or [{}]
    last = tasks[-1] if isinstance(tasks[-1], dict) else {}
    outcome: dict[str, Any] = last["result"] if isinstance(last.get("result"), dict) else {}
    error = outcome.get("error") or outcome.get("stderr")
    if not error:
        return {}
    found = {"error": error, "traceback": outcome.get("traceback"), "failed_on": last.get("name", "unknown")}
    return {name: value for name, value in found.items() if value}


def _show_schema(execution: Any, session: Session) -> None:
    from st2client.output.schema import infer
    from st2client.output.structured import to_yaml

    if get_value(vars(execution), "action.output_schema"):
        return
    text = to_yaml({"output_schema": infer(getattr(execution, "result", None))})
    session.printer.line(f"\nAn output schema that fits this result:\n\n{text}")
