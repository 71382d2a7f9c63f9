"""The key-value datastore."""

from __future__ import annotations

from typing import ClassVar

from st2lite.models.document import Collection, Document, Index

SYSTEM_SCOPE = "st2kv.system"
USER_SCOPE = "st2kv.user"
USER_SEPARATOR = ":"


class KeyValuePair(Document, kw_only=True):
    """One item. `name` of a user-scope item is `<user>:<name>`; the value of a secret item is ciphertext.

    `expire_timestamp` is a timestamp or None; an expired item counts as absent everywhere.
    """

    collection: ClassVar[Collection] = Collection(
        "key_value_pairs",
        fields={
            "name": lambda k: k.name,
            "scope": lambda k: k.scope,
            "expire_timestamp": lambda k: k.expire_timestamp,
        },
        indexes=(Index(("scope", "name"), unique=True), Index(("expire_timestamp",))),
    )

    name: str
    value: str
    scope: str = SYSTEM_SCOPE
    secret: bool = False
    description: str = ""
    expire_timestamp: str | None = None

    @property
    def uid(self) -> str:
        return f"key_value_pair:{self.scope}:{self.name}"
