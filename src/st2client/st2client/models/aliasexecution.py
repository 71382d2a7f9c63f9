"""The run of a chat command."""

from __future__ import annotations

from st2client.models.core import Resource


class ActionAliasExecution(Resource):
    """A chat command that was given, with who gave it and where the answer goes."""

    _alias = "Action-Alias-Execution"
    _display_name = "ActionAlias Execution"
    _plural = "ActionAliasExecutions"
    _plural_display_name = "ActionAlias Executions"
    _url_path = "aliasexecution"
    _repr_attributes = (
        "name",
        "format",
        "command",
        "user",
        "source_channel",
        "notification_channel",
        "notification_route",
    )
