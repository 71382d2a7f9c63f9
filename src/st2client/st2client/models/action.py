"""Actions, the runners that execute them, and executions."""

from __future__ import annotations

from st2client.models.core import Resource


class RunnerType(Resource):
    """A kind of action: how it is run and with which parameters."""

    _alias = "Runner"
    _display_name = "Runner"
    _plural = "RunnerTypes"
    _plural_display_name = "Runners"
    _repr_attributes = ("name", "enabled", "description")


class Action(Resource):
    """Something that can be run, named ``<pack>.<name>``."""

    _plural = "Actions"
    _repr_attributes = ("name", "pack", "enabled", "runner_type")
    _url_path = "actions"


class Execution(Resource):
    """One run of an action."""

    _alias = "Execution"
    _display_name = "Action Execution"
    _plural = "ActionExecutions"
    _plural_display_name = "Action executions"
    _url_path = "executions"
    _repr_attributes = ("status", "action", "start_timestamp", "end_timestamp", "parameters", "delay")


class LiveAction(Execution):
    """Older name of :class:`Execution`."""
