"""What proves who is asking: tokens and API keys."""

from __future__ import annotations

from st2client.models.core import Resource


class Token(Resource):
    """An access token; ``token`` is the secret, ``expiry`` its end."""

    _display_name = "Access Token"
    _plural = "Tokens"
    _plural_display_name = "Access Tokens"
    _repr_attributes = ("user", "expiry", "metadata")


class ApiKey(Resource):
    """A lasting credential. ``key`` is known only in the answer to its creation."""

    _display_name = "API Key"
    _plural = "ApiKeys"
    _plural_display_name = "API Keys"
    _repr_attributes = ("id", "user", "metadata")
