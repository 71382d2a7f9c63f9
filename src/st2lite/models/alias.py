"""Action aliases: commands in a person's words, and the action each stands for."""

from __future__ import annotations

from typing import Any, ClassVar

from st2lite.models.document import Collection, Index
from st2lite.models.pack import PackContent


class ActionAlias(PackContent, kw_only=True):
    """Metadata of one alias. An item of `formats` is text, or `{"display", "representation", "match_multiple"}`."""

    uid_type: ClassVar[str] = "action_alias"
    collection: ClassVar[Collection] = Collection(
        "action_aliases",
        fields={
            "ref": lambda a: a.ref,
            "pack": lambda a: a.pack,
            "name": lambda a: a.name,
            "enabled": lambda a: a.enabled,
            "action_ref": lambda a: a.action_ref,
        },
        indexes=(Index(("ref",), unique=True), Index(("pack", "name")), Index(("name",)), Index(("enabled",))),
    )

    description: str = ""
    enabled: bool = True
    action_ref: str
    formats: list[Any] = []
    ack: dict[str, Any] = {}
    result: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    immutable_parameters: dict[str, Any] = {}
    metadata_file: str = ""
