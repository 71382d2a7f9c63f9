"""Questions that executions wait to have answered."""

from __future__ import annotations

from st2client.models.core import Resource


class Inquiry(Resource):
    """A question; ``schema`` says what an answer looks like."""

    _display_name = "Inquiry"
    _plural = "Inquiries"
    _plural_display_name = "Inquiries"
    _repr_attributes = ("id", "schema", "roles", "users", "route", "ttl")
