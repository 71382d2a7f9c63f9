"""Packs: sets of actions, rules, sensors and aliases."""

from __future__ import annotations

from st2client.models.core import Resource


class Pack(Resource):
    """An installed pack, or an entry of the index of packs."""

    _display_name = "Pack"
    _plural = "Packs"
    _plural_display_name = "Packs"
    _url_path = "packs"
    _repr_attributes = ("name", "description", "version", "author")


class AsyncRequest(Resource):
    """Answer to a request that goes on as an execution; ``execution_id`` is its id."""
