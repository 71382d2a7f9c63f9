"""``st2 trace``: what followed from one event."""

from __future__ import annotations

import argparse
from typing import Any

from st2client.commands.base import Command, Parser, Session
from st2client.commands.generic import Get, Kind, Newest
from st2client.models.core import Resource
from st2client.output.table import Transforms

TRACE = Kind("Trace", "id")
COLUMNS = ("id", "uid", "trace_tag", "start_timestamp")

_HEADER = ("id", "trace_tag", "start_timestamp")
_ALL = ("id", "trace_tag", "action_executions", "rules", "trigger_instances", "start_timestamp")

#: attribute of a trace -> (type shown, type in ``caused_by``)
_COMPONENTS = {
    "trigger_instances": ("trigger-instance", "trigger_instance"),
    "rules": ("rule", "rule"),
    "action_executions": ("execution", "action_execution"),
}


class ListTraces(Newest):
    """Lists the newest traces; a single one is shown with what is in it."""

    newest_first = False

    def filters(self, parser: Parser) -> None:
        parser.add_argument("-s", "--sort", dest="sort_order", default="descending", choices=_ORDERS, metavar="ORDER",
                            help="by start: desc (newest are taken) or asc (oldest are taken)")  # fmt: skip
        group = parser.add_mutually_exclusive_group()
        group.add_argument("-c", "--trace-tag", help="only those with this tag")
        group.add_argument("-e", "--execution", help="only the one of this execution")
        group.add_argument("-r", "--rule", help="only those of this rule")
        group.add_argument("-g", "--trigger-instance", help="only the one of this event")

    def query(self, args: argparse.Namespace) -> dict[str, Any]:
        query = {name: getattr(args, name) for name in ("trace_tag", "execution", "rule", "trigger_instance")}
        query["sort_asc" if args.sort_order.startswith("asc") else "sort_desc"] = True
        return query

    def show(self, items: list[Any], args: argparse.Namespace, session: Session) -> None:
        if len(items) == 1 and args.attr == list(self.columns):
            show_trace(items[0], session)
        else:
            super().show(items, args, session)

    def transforms(self, session: Session) -> Transforms:
        return {"start_timestamp": session.printer.time}


_ORDERS = ("asc", "ascending", "desc", "descending")


class GetTrace(Get):
    """Shows what is in a trace, or what led to one thing in it."""

    def arguments(self, parser: Parser) -> None:
        super().arguments(parser)
        cause = parser.add_mutually_exclusive_group()
        cause.add_argument("-e", "--execution", help="show what led to this execution")
        cause.add_argument("-r", "--rule", help="show what led to this rule")
        cause.add_argument("-g", "--trigger-instance", help="show what led to this event")
        parser.add_argument("--show-executions", action="store_true", help="show executions only")
        parser.add_argument("--show-rules", action="store_true", help="show rules only")
        parser.add_argument("--show-trigger-instances", action="store_true", help="show events only")
        parser.add_argument("-n", "--hide-noop-triggers", action="store_true", help="hide events that led to nothing")

    def show(self, item: Any, args: argparse.Namespace, session: Session) -> None:
        for name in _COMPONENTS:
            setattr(item, name, getattr(item, name, None) or [])
        for option, kind in (
            ("execution", "action_execution"),
            ("rule", "rule"),
            ("trigger_instance", "trigger_instance"),
        ):
            if getattr(args, option):
                keep_causes(item, kind, getattr(args, option))
        if args.hide_noop_triggers:
            causes = {(rule.get("caused_by") or {}).get("id") for rule in item.rules}
            item.trigger_instances = [event for event in item.trigger_instances if event["object_id"] in causes]
        wanted = {
            "trigger_instances": args.show_trigger_instances,
            "rules": args.show_rules,
            "action_executions": args.show_executions,
        }
        if any(wanted.values()):
            for name in (name for name, is_wanted in wanted.items() if not is_wanted):
                setattr(item, name, [])
        show_trace(item, session)


def show_trace(trace: Any, session: Session) -> None:
    """Print a trace and its components in the order they came about."""
    printer = session.printer
    if printer.structured:
        printer.fields(trace, _ALL)
        return
    printer.fields(trace, _HEADER, {"start_timestamp": printer.time})
    rows = [
        Resource(id=part["object_id"], type=shown, ref=part["ref"], updated_at=part["updated_at"])
        for name, (shown, _) in _COMPONENTS.items()
        for part in getattr(trace, name, None) or ()
    ]
    if rows:
        printer.items(sorted(rows, key=lambda row: str(row.updated_at)), ("id", "type", "ref", "updated_at"))


def keep_causes(trace: Any, kind: str, object_id: str | None) -> None:
    """Leave in a trace only one component and the chain of its causes.

    The cause of an execution may be named ``<rule id>:<trigger instance id>``, for a rule can match more than once.
    """
    names = {cause: name for name, (_, cause) in _COMPONENTS.items()}
    kept: dict[str, list[Any]] = {name: [] for name in _COMPONENTS}
    seen: set[tuple[str, str]] = set()
    through: str | None = None
    while kind in names and object_id and (kind, object_id) not in seen:
        seen.add((kind, object_id))
        part = _find(getattr(trace, names[kind]), object_id, through)
        if part is None:
            break
        kept[names[kind]].append(part)
        cause = part.get("caused_by") or {}
        object_id, _, after = str(cause.get("id") or "").partition(":")
        kind, through = str(cause.get("type") or ""), after or None
    for name, parts in kept.items():
        setattr(trace, name, parts)


def _find(parts: list[Any], object_id: str, cause: str | None) -> Any:
    for part in parts:
        if part["object_id"] == object_id and cause in (None, (part.get("caused_by") or {}).get("id")):
            return part
    return None


COMMANDS: dict[str, Command] = {"list": ListTraces(TRACE, COLUMNS), "get": GetTrace(TRACE)}
