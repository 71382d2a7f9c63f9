"""Chat commands that stand for actions."""

from __future__ import annotations

from st2client.models.core import Resource


class ActionAlias(Resource):
    """A chat command that runs an action."""

    _alias = "Action-Alias"
    _display_name = "Action Alias"
    _plural = "ActionAliases"
    _plural_display_name = "Action Aliases"
    _url_path = "actionalias"
    _repr_attributes = ("name", "pack", "action_ref")


class ActionAliasMatch(Resource):
    """Text to find the alias of."""

    _alias = "Action-Alias-Match"
    _display_name = "ActionAlias Match"
    _plural = "ActionAliasMatches"
    _plural_display_name = "Action Alias Matches"
    _url_path = "actionalias"
    _repr_attributes = ("command",)
