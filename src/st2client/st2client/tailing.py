"""Following the output of an execution, and of the tasks below it, on the event stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from st2client.commands.base import Session
from st2client.output.execution import COMPLETED, is_workflow

EVENTS = ("st2.execution__update", "st2.execution.output__create")


def tail(session: Session, execution: Any, output_type: str | None = None, metadata: bool = False) -> None:
    """Print the output of an execution until it has ended.

    :param output_type: only this kind: ``stdout``, ``stderr`` or ``output``; None or ``all`` for everything.
    :param metadata: put the time and the kind before each piece.
    """
    if execution.status == "pending":
        session.printer.remark(f"The execution waits for an answer: st2 inquiry respond {execution.id}")
    if execution.status in COMPLETED:
        _print_finished(session, execution, output_type)
    elif is_workflow(execution):
        _follow_workflow(session, execution, output_type, metadata)
    else:
        _follow_output(session, execution.id, output_type, metadata)


def _follow_output(session: Session, execution_id: str, output_type: str | None, metadata: bool) -> None:
    """Follow one execution: the stream brings its output from the beginning, so nothing is missed."""
    for piece in session.manager("Stream").listen_output(execution_id, output_type):
        _write(session, piece, metadata)
    execution = session.manager("Execution").require(execution_id)
    if execution.status in COMPLETED:
        session.printer.line(f"\nExecution {execution_id} has completed (status={execution.status}).")
    else:
        session.printer.remark(f"The server ended the output; the execution is {execution.status}.")


def _follow_workflow(session: Session, execution: Any, output_type: str | None, metadata: bool) -> None:
    wanted = None if output_type in (None, "all") else output_type
    follower = _Follower(session, execution.id, wanted, metadata)
    events = session.manager("Stream").listen(EVENTS, end_event=EVENTS[0], end_execution_id=execution.id)
    # Read again now that the stream is open: an end that came before would never be announced.
    params = {"include_attributes": "id,children,status"}
    known = session.manager("Execution").require(execution.id, params=params)
    if known.status in COMPLETED:
        _print_finished(session, known, output_type)
        return
    follower.family.update(getattr(known, "children", None) or ())
    for event in events:
        if follower.handle(event):
            return


def _write(session: Session, piece: Mapping[str, Any], metadata: bool) -> None:
    head = f"[{piece.get('timestamp')}][{piece.get('output_type')}] " if metadata else ""
    session.printer.out.write(head + str(piece.get("data", "")))
    session.printer.out.flush()


def _print_finished(session: Session, execution: Any, output_type: str | None) -> None:
    output = session.manager("Execution").get_output(execution.id, output_type)
    session.printer.line(output)
    session.printer.line(f"Execution {execution.id} has completed (status={execution.status}).")


class _Follower:
    """Prints what concerns a workflow's execution and those of its tasks."""

    def __init__(self, session: Session, execution_id: str, wanted: str | None, metadata: bool) -> None:
        self.session = session
        self.printer = session.printer
        self.execution_id = execution_id
        self.family = {execution_id}
        self.wanted = wanted
        self.metadata = metadata
        self.started = False

    def handle(self, event: Mapping[str, Any]) -> bool:
        """Print an event; return whether it was the last one."""
        if event.get("status") is not None:
            return self._execution(event)
        if event.get("execution_id") in self.family and self.wanted in (None, event.get("output_type")):
            _write(self.session, event, self.metadata)
        return False

    def _execution(self, event: Mapping[str, Any]) -> bool:
        if event["id"] == self.execution_id:
            return self._own(event["status"])
        context = event.get("context") or {}
        parent = (context.get("parent") or {}).get("execution_id")
        if parent not in self.family:
            return False
        self.family.add(event["id"])
        task = _task_name(context)
        if event["status"] == "running":
            self.printer.line(f"Child execution (task={task}) {event['id']} has started.\n")
        elif event["status"] in COMPLETED:
            self.printer.line(f"\nChild execution (task={task}) {event['id']} has finished (status={event['status']}).")
        return False

    def _own(self, status: str) -> bool:
        if status == "running" and not self.started:
            self.started = True  # the server may announce it again, for instance when a task was added
            self.printer.line(f"Execution {self.execution_id} has started.\n")
        if status not in COMPLETED:
            return False
        self.printer.line(f"\nExecution {self.execution_id} has completed (status={status}).")
        return True


def _task_name(context: Mapping[str, Any]) -> str:
    for engine, key in (("orquesta", "task_name"), ("chain", "name"), ("mistral", "task_name")):
        if engine in context:
            return str(context[engine].get(key) or "unknown")
    return "unknown"
