"""Which trace an execution belongs to when it is requested (ADR 22)."""

from __future__ import annotations

from typing import Any, Union

from st2lite.models.errors import InvalidInput
from st2lite.models.execution import Execution
from st2lite.models.ids import is_id
from st2lite.models.trace import TraceContext
from st2lite.models.trigger import TriggerInstance
from st2lite.storage.contract import Equal, Store

Root = Union[Execution, TriggerInstance]
"""What can begin a trace."""


def trace_to_join(store: Store, context: dict[str, Any], identifier: str) -> TraceContext | None:
    """Return the trace that the context of a request for the execution `identifier` asks for; None: one of its own.

    A given id wins, then a given tag, which begins a trace, then the trace of the parent. Raise `InvalidInput` if there
    is no trace with the given id. Costs nothing for a request that has neither an id nor a parent.
    """
    given = context.get("trace_context") or {}
    if given.get("id_"):
        root = find_root(store, given["id_"])
        if root is None:
            raise InvalidInput(f'context.trace_context: there is no trace with id "{given["id_"]}".')
        return root.trace
    if given.get("trace_tag"):
        return {"id_": identifier, "trace_tag": given["trace_tag"]}
    parent = (context.get("parent") or {}).get("execution_id")
    found = store.find(Execution, (Equal("id", parent),), limit=1, large=False) if parent else []
    return found[0].trace if found else None


def find_root(store: Store, trace: str) -> Root | None:
    """Return the object that began a trace; None if there is no trace with this id."""
    if not is_id(trace):
        return None
    found: Root | None = next(iter(store.find(Execution, (Equal("id", trace),), limit=1, large=False)), None)
    if found is None:
        found = store.get(TriggerInstance, trace)
    return found if found is not None and found.trace["id_"] == found.id else None
