"""Packs and their configuration."""

from __future__ import annotations

from typing import Any, ClassVar

from st2lite.models.document import Collection, Document, Index

CORE_PACK = "core"
"""The pack that everything else stands on: clients change nothing in it."""

SYSTEM_PACKS = frozenset({CORE_PACK, "packs", "linux", "chatops", "default"})
"""Packs that come with the product: neither replaced nor removed, and run by the service's own python."""


class PackContent(Document, kw_only=True):
    """What belongs to a pack under a name of its own; `uid_type` is what a uid begins with."""

    uid_type: ClassVar[str]

    name: str
    pack: str

    @property
    def ref(self) -> str:
        return f"{self.pack}.{self.name}"

    @property
    def uid(self) -> str:
        return f"{self.uid_type}:{self.pack}:{self.name}"


class Pack(Document, kw_only=True):
    """A registered pack. `path` is the absolute directory it was registered from."""

    collection: ClassVar[Collection] = Collection(
        "packs", fields={"ref": lambda p: p.ref, "name": lambda p: p.name}, indexes=(Index(("ref",), unique=True),)
    )

    ref: str
    name: str
    description: str = ""
    version: str = ""
    author: str = ""
    email: str = ""
    keywords: list[str] = []
    contributors: list[str] = []
    stackstorm_version: str = ""
    python_versions: list[str] = []
    dependencies: list[str] = []
    system: dict[str, Any] = {}
    files: list[str] = []
    path: str = ""

    @property
    def uid(self) -> str:
        return f"pack:{self.ref}"


class PackConfig(Document, kw_only=True):
    """Configuration values of one pack; `id` is the pack's ref. Values may hold Jinja, resolved at run time."""

    collection: ClassVar[Collection] = Collection("configs")

    values: dict[str, Any] = {}


class ConfigSchema(Document, kw_only=True):
    """Schema of a pack's configuration; `id` is the pack's ref. `attributes` maps each key to its schema."""

    collection: ClassVar[Collection] = Collection("config_schemas")

    attributes: dict[str, Any] = {}


class Registration(Document, kw_only=True):
    """What was registered last from one source of content; `id` is `runners` or `pack:<ref>`.

    `fingerprint` changes with the files it was read from, `counts` is how many objects of each kind they held.
    """

    collection: ClassVar[Collection] = Collection("registrations")

    fingerprint: str
    counts: dict[str, int] = {}
