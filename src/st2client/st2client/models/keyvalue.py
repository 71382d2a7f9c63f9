"""Entries of the datastore."""

from __future__ import annotations

from typing import Any

from st2client.models.core import Resource


class KeyValuePair(Resource):
    """A named text value in the scope of the system or of a user."""

    _alias = "Key"
    _display_name = "Key Value Pair"
    _plural = "Keys"
    _plural_display_name = "Key Value Pairs"
    _repr_attributes = ("name", "value")

    def __init__(self, *_args: Any, **attributes: Any) -> None:
        attributes.pop("id", None)
        super().__init__(**attributes)

    @property
    def id(self) -> Any:
        """Pairs are addressed by name, so the name is what managers take as the id."""
        return self.name

    @id.setter
    def id(self, value: Any) -> None:
        """Setting the id changes nothing; scripts do it."""
