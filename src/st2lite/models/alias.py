"""Action aliases: commands in a person's words, and the action each stands for."""

from __future__ import annotations

from typing import Any, ClassVar

from st2lite.models.document import Collection, Document, Index


class ActionAlias(Document, kw_only=True):
    """Metadata of one alias. An item of `formats` is text, or `{"display", "representation", "match_multiple"}`."""

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

    name: str
    pack: str
    description: str = ""
    enabled: bool = True
    action_ref: str
    formats: list[Any] = []
    ack: dict[str, Any] = {}
    result: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    immutable_parameters: dict[str, Any] = {}
    metadata_file: str = ""

    @property
    def ref(self) -> str:
        return f"{self.pack}.{self.name}"

    @property
    def uid(self) -> str:
        return f"action_alias:{self.pack}:{self.name}"
