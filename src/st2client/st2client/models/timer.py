"""Timers that rules use."""

from __future__ import annotations

from st2client.models.core import Resource


class Timer(Resource):
    """A trigger that time sets off."""

    _alias = "Timer"
    _display_name = "Timer"
    _plural = "Timers"
    _plural_display_name = "Timers"
