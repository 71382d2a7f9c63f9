"""Users, tokens and API keys: who may call."""

from __future__ import annotations

from typing import Any, ClassVar

from st2lite.models.document import Collection, Document, Index


class User(Document, kw_only=True):
    """A user; `id` is the user name."""

    collection: ClassVar[Collection] = Collection("users")

    is_service: bool = False
    nicknames: dict[str, str] = {}


class Token(Document, kw_only=True):
    """An access token; `id` identifies the record, `token_hash` is SHA-256 (hex) of the token, which is never
    stored."""

    collection: ClassVar[Collection] = Collection(
        "tokens",
        fields={"token_hash": lambda t: t.token_hash, "user": lambda t: t.user, "expiry": lambda t: t.expiry},
        indexes=(Index(("token_hash",), unique=True), Index(("expiry",))),
    )

    token_hash: str
    user: str
    expiry: str
    metadata: dict[str, Any] = {}
    service: bool = False


class ApiKey(Document, kw_only=True):
    """An API key; `key_hash` is the salted SHA-512 (hex) of the key, which is shown once and never stored."""

    collection: ClassVar[Collection] = Collection(
        "api_keys",
        fields={"key_hash": lambda k: k.key_hash, "user": lambda k: k.user},
        indexes=(Index(("key_hash",), unique=True), Index(("user",))),
    )

    key_hash: str
    user: str
    metadata: dict[str, Any] = {}
    created_at: str = ""
    enabled: bool = True


class Secret(Document, kw_only=True):
    """A value that the services of one installation share (for example the key that signs action tokens).

    `id` is its name; `value` is hex text, generated at first use.
    """

    collection: ClassVar[Collection] = Collection("secrets")

    value: str
