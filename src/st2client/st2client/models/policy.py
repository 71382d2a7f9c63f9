"""Policies on actions."""

from __future__ import annotations

from st2client.models.core import Resource


class PolicyType(Resource):
    """A kind of policy."""

    _alias = "Policy-Type"
    _display_name = "Policy type"
    _plural = "PolicyTypes"
    _plural_display_name = "Policy types"
    _repr_attributes = ("ref", "enabled", "description")


class Policy(Resource):
    """A limit or a retry put on an action."""

    _plural = "Policies"
    _repr_attributes = ("name", "pack", "enabled", "policy_type", "resource_ref")
