"""Webhooks that rules use."""

from __future__ import annotations

from st2client.models.core import Resource


class Webhook(Resource):
    """A trigger that an HTTP request sets off."""

    _alias = "Webhook"
    _display_name = "Webhook"
    _plural = "Webhooks"
    _plural_display_name = "Webhooks"
    _repr_attributes = ("parameters", "type", "pack", "name")
