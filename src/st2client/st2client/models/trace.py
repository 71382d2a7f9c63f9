"""What belongs together: executions, rules and trigger instances."""

from __future__ import annotations

from st2client.models.core import Resource


class Trace(Resource):
    """Everything that followed from one beginning."""

    _alias = "Trace"
    _display_name = "Trace"
    _plural = "Traces"
    _plural_display_name = "Traces"
    _repr_attributes = ("id", "trace_tag")
