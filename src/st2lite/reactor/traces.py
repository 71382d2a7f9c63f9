"""Traces, put together when somebody asks: what began, which rules matched, and what they ran (ADR 22)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from st2lite.executions.traces import Root, find_root
from st2lite.models.errors import NotFound
from st2lite.models.execution import Execution
from st2lite.models.ids import is_id
from st2lite.models.rule import RuleEnforcement
from st2lite.models.trigger import TriggerInstance
from st2lite.storage.contract import Equal, Filter, Order, Store
from st2lite.storage.lookups import by_ids, find_in

Trace = dict[str, Any]


@dataclass(frozen=True)
class TraceFilter:
    """Which traces are wanted: by id, by tag, by members, which are given by their ids. All that is given counts."""

    ids: Sequence[str] = ()
    tag: str | None = None
    execution: str | None = None
    trigger_instance: str | None = None
    rule: str | None = None

    @property
    def is_empty(self) -> bool:
        return self == TraceFilter()


class Traces:
    """Finds and shows traces. Safe to use from many threads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, identifier: str) -> Trace:
        """Return one trace with all its members; raise `NotFound`."""
        root = find_root(self._store, identifier)
        if root is None:
            raise NotFound(f'Unable to identify resource with id "{identifier}".')
        return self._assembled([root])[0]

    def find(self, wanted: TraceFilter, ascending: bool, limit: int | None, offset: int) -> tuple[list[Trace], int]:
        """Return a page of traces, ordered by their beginning, and how many there are in all."""
        if wanted.is_empty:
            return self._all(ascending, limit, offset)
        if wanted == TraceFilter(rule=wanted.rule):
            return self._of_rule(wanted.rule or "", ascending, limit, offset)
        roots = sorted(self._chosen(wanted).values(), key=_beginning, reverse=not ascending)
        if wanted.rule is None:
            return self._assembled(_page(roots, limit, offset)), len(roots)
        traces = [
            trace
            for trace in self._assembled(roots)
            if any(part["object_id"] == wanted.rule for part in trace["rules"])
        ]
        return _page(traces, limit, offset), len(traces)

    def _all(self, ascending: bool, limit: int | None, offset: int) -> tuple[list[Trace], int]:
        roots = _page(self._roots((), ascending, limit, offset), limit, offset)
        if limit is None:
            total = offset + len(roots)
        else:
            total = sum(self._store.count(kind, (Equal("trace", None),)) for kind in (Execution, TriggerInstance))
        return self._assembled(roots), total

    def _of_rule(self, rule: str, ascending: bool, limit: int | None, offset: int) -> tuple[list[Trace], int]:
        """Traces in which a rule matched, in order of the match; the enforcements tell how many there are."""
        filters = (Equal("rule_id", rule),)
        order = (Order("enforced_at", descending=not ascending),)
        found = self._store.find(RuleEnforcement, filters, order, limit, offset)
        events = by_ids(self._store, TriggerInstance, (row.trigger_instance_id for row in found))
        traces = dict.fromkeys(
            events[row.trigger_instance_id].trace["id_"] for row in found if row.trigger_instance_id in events
        )
        roots = self._roots_of(traces)
        total = offset + len(found) if limit is None else self._store.count(RuleEnforcement, filters)
        return self._assembled([roots[trace] for trace in traces if trace in roots]), total

    def _chosen(self, wanted: TraceFilter) -> dict[str, Root]:
        """The beginnings of all traces that fit, but for the rule, by id."""
        sets: list[dict[str, Root]] = []
        if wanted.ids:
            sets.append(self._roots_of(wanted.ids))
        if wanted.execution:
            executions = by_ids(self._store, Execution, [wanted.execution]).values()
            sets.append(self._roots_of(each.trace["id_"] for each in executions))
        if wanted.trigger_instance:
            events = by_ids(self._store, TriggerInstance, [wanted.trigger_instance]).values()
            sets.append(self._roots_of(each.trace["id_"] for each in events))
        if wanted.tag:
            sets.append(self._tagged(wanted.tag) if not sets else _with_tag(sets[0], wanted.tag))
        return {trace: root for trace, root in sets[0].items() if all(trace in each for each in sets[1:])}

    def _tagged(self, tag: str) -> dict[str, Root]:
        roots = self._roots((Equal("trace_tag", tag),), False, None, 0)
        # What was given no tag has one that is made of an id, and that nobody has stored.
        kind, _, identifier = tag.rpartition("-")
        if kind == "execution" and is_id(identifier):
            roots += self._store.find(Execution, (Equal("liveaction", identifier),), large=False)
        elif kind == "trigger_instance":
            roots += self._roots_of([identifier]).values()
        return _with_tag({root.id: root for root in roots if root.trace["id_"] == root.id}, tag)

    def _roots(self, filters: Sequence[Filter], ascending: bool, limit: int | None, offset: int) -> list[Root]:
        """Beginnings of traces in order; of each kind as many as a page can take that ends with them."""
        conditions, most = (Equal("trace", None), *filters), None if limit is None else offset + limit
        started, occurred = (Order(name, not ascending) for name in ("start_timestamp", "occurrence_time"))
        roots: list[Root] = [
            *self._store.find(Execution, conditions, (started,), most, large=False),
            *self._store.find(TriggerInstance, conditions, (occurred,), most),
        ]
        return sorted(roots, key=_beginning, reverse=not ascending)

    def _roots_of(self, traces: Iterable[str]) -> dict[str, Root]:
        wanted = list(traces)
        found: dict[str, Root] = {**by_ids(self._store, Execution, wanted)}
        found.update(by_ids(self._store, TriggerInstance, [trace for trace in wanted if trace not in found]))
        return {trace: root for trace, root in found.items() if root.trace["id_"] == trace}

    def _assembled(self, roots: Sequence[Root]) -> list[Trace]:
        """The traces that these objects began, with all members; three queries for a hundred traces."""
        traces = {root.id: _empty_trace(root) for root in roots}
        executions = [root for root in roots if isinstance(root, Execution)]
        executions += find_in(self._store, Execution, "trace", traces)
        events = [root for root in roots if isinstance(root, TriggerInstance)]
        events += find_in(self._store, TriggerInstance, "trace", traces)
        trace_of_event = {event.id: event.trace["id_"] for event in events}
        for event in events:
            traces[event.trace["id_"]]["trigger_instances"].append(
                _part(event.id, event.trigger, event.occurrence_time, event.caused_by)
            )
        starts = {execution.id: execution.start_timestamp for execution in executions}
        for row in find_in(self._store, RuleEnforcement, "trigger_instance", trace_of_event):
            cause = {"type": "trigger_instance", "id": row.trigger_instance_id}
            # That a rule matched is recorded when its action is requested already; clients show causes first.
            moment = min(row.enforced_at, starts.get(row.execution_id or "", row.enforced_at))
            traces[trace_of_event[row.trigger_instance_id]]["rules"].append(
                _part(row.rule["id"], row.rule["ref"], moment, cause)
            )
        for execution in executions:
            traces[execution.trace["id_"]]["action_executions"].append(
                _part(execution.id, execution.action_ref, execution.start_timestamp, _cause(execution))
            )
        for trace in traces.values():
            for name in ("trigger_instances", "rules", "action_executions"):
                trace[name].sort(key=lambda part: (part["updated_at"], part["object_id"]))
        return list(traces.values())


def _empty_trace(root: Root) -> Trace:
    return {
        "id": root.id,
        "uid": f"trace:{root.id}",
        "trace_tag": root.trace["trace_tag"],
        "start_timestamp": _beginning(root)[0],
        "trigger_instances": [],
        "rules": [],
        "action_executions": [],
    }


def _part(identifier: str, ref: str, moment: str, cause: dict[str, Any]) -> dict[str, Any]:
    return {"object_id": identifier, "ref": ref, "updated_at": moment, "caused_by": cause}


def _cause(execution: Execution) -> dict[str, Any]:
    """What brought an execution about. One of a rule names the event, too, for a rule can match more than once."""
    if execution.rule and execution.trigger_instance:
        return {"type": "rule", "id": f"{execution.rule['id']}:{execution.trigger_instance['id']}"}
    origin = execution.parent or (execution.context.get("re-run") or {}).get("ref")
    return {"type": "action_execution", "id": origin} if origin else {}


def _beginning(root: Root) -> tuple[str, str]:
    return (root.start_timestamp if isinstance(root, Execution) else root.occurrence_time, root.id)


def _with_tag(roots: dict[str, Root], tag: str) -> dict[str, Root]:
    return {trace: root for trace, root in roots.items() if root.trace["trace_tag"] == tag}


def _page(rows: list[Any], limit: int | None, offset: int) -> list[Any]:
    return rows[offset : None if limit is None else offset + limit]
