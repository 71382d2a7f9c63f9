"""What the API shows of everything that packs contain."""

from __future__ import annotations

from typing import Any, Protocol


class OfPack(Protocol):
    """A document of something that belongs to a pack."""

    @property
    def id(self) -> str: ...
    @property
    def uid(self) -> str: ...
    @property
    def ref(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def pack(self) -> str: ...
    @property
    def description(self) -> str: ...


def head(document: OfPack) -> dict[str, Any]:
    """The attributes that each of them is shown with first; what follows is its own."""
    return {
        "id": document.id,
        "uid": document.uid,
        "ref": document.ref,
        "name": document.name,
        "pack": document.pack,
        "description": document.description,
    }
