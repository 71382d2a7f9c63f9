"""Entries of the datastore."""

from __future__ import annotations

from st2client.models.core import Resource


class KeyValuePair(Resource):
    """A named text value in the scope of the system or of a user."""

    _alias = "Key"
    _display_name = "Key Value Pair"
    _plural = "Keys"
    _plural_display_name = "Key Value Pairs"
    _repr_attributes = ("name", "value")
