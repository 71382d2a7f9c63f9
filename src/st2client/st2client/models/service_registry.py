"""Which processes of the server are up."""

from __future__ import annotations

from st2client.models.core import Resource


class ServiceRegistryGroup(Resource):
    """A kind of process."""

    _alias = "group"
    _display_name = "Group"
    _plural = "Groups"
    _plural_display_name = "Groups"
    _repr_attributes = ("group_id",)


class ServiceRegistryMember(Resource):
    """One process of a group."""

    _alias = "member"
    _display_name = "Group Member"
    _plural = "Group Members"
    _plural_display_name = "Group Members"
    _repr_attributes = ("group_id", "member_id")
