"""Traces: all that followed from one beginning.

There is no trace document. A trace is known by the id of the execution or trigger instance that began it, and each
other member names it in its trace context, `{"id_": <that id>, "trace_tag": <text>}`. See ADR 22.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TraceContext = dict[str, str]


def trace_of(identifier: str, given: Mapping[str, Any] | None, tag: str) -> TraceContext:
    """Trace of the object `identifier`, as what follows from it carries it; `tag` is for one that was given none."""
    given = given or {}
    return {"id_": given.get("id_") or identifier, "trace_tag": given.get("trace_tag") or tag}


def joined_trace(identifier: str, given: Mapping[str, Any] | None) -> str | None:
    """Id of the trace that the object `identifier` has joined; None if it began one itself."""
    trace = (given or {}).get("id_")
    return None if trace == identifier else trace
