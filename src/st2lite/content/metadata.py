"""What the metadata of actions, rules, sensors and the other kinds of content have in common."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from st2lite.content.yaml_files import SUFFIXES, load_map
from st2lite.models.errors import ContentError, InvalidInput

T = TypeVar("T")

_NAME = re.compile(r"[^/\\\x00-\x1f]+")
_REF = re.compile(r"[^.\s/]+\.\S[^/\\\x00-\x1f]*")
_OF_STORED = ("id", "uid", "ref")
"""What stored documents have in addition; clients send it back."""


class NotSupported(ContentError):
    """Content that is valid, and that this release cannot run."""


@dataclass(frozen=True)
class Shape:
    """Which attributes one kind of content has. `noun` has an article: "an action"."""

    noun: str
    texts: tuple[str, ...] = ()
    maps: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    required: tuple[str, ...] = ("name",)

    def problems(self, content: Mapping[str, Any], pack: str) -> Iterator[str]:
        """All that is wrong with attributes that every kind has, and with the types of texts and maps."""
        own = {*self.texts, *self.maps, *self.others, "name", "pack", "description", "metadata_file"}
        for key in sorted(content.keys() - own - {*_OF_STORED}):
            yield f'unknown attribute "{key}"; {self.noun} has {", ".join(sorted(own))}'
        for key in self.required:
            if not content.get(key):
                yield f"{key} has to be given"
        for key in ("name", "pack", "description", "metadata_file", *_OF_STORED, *self.texts):
            if content.get(key) is not None and not isinstance(content[key], str):
                yield f"{key} has to be text; put it in quotes"
        name = content.get("name")
        if isinstance(name, str) and name and not _NAME.fullmatch(name):
            yield f'name "{name}" must not contain slashes or line breaks'
        if content.get("pack") not in (None, pack):
            yield f'pack is "{content["pack"]}", but the {self.noun.split()[-1]} lies in pack "{pack}"'
        if "enabled" in own and not isinstance(content.get("enabled", True), bool):
            yield "enabled has to be true or false"
        for key in self.maps:
            if not isinstance(content.get(key) or {}, dict):
                yield f"{key} has to be a map"
        if "tags" in own:
            yield from _tag_problems(content.get("tags") or [])


def metadata_files(pack_dir: Path, kind: str) -> list[Path]:
    """Metadata files of one kind, which is a directory of the pack, sorted by name."""
    directory = pack_dir / kind
    if not directory.is_dir():
        return []
    return sorted(path for path in directory.iterdir() if path.suffix in SUFFIXES and path.is_file())


def read_metadata(path: Path, make: Callable[[dict[str, Any]], T]) -> T:
    """What `make` makes of the map in a file; raise `ContentError` that names the file."""
    content = load_map(path)
    try:
        return make(content)
    except InvalidInput as error:
        kind = NotSupported if isinstance(error, NotSupported) else ContentError
        raise kind(f"{path}: {error.message}") from None


def metadata_path(path: Path) -> str:
    """Path of a metadata file as documents hold it: relative to the pack."""
    return f"{path.parent.name}/{path.name}"


def is_ref(value: Any) -> bool:
    """Tell whether a value can be a reference: a pack, a dot and a name."""
    return isinstance(value, str) and _REF.fullmatch(value) is not None


def _tag_problems(tags: Any) -> Iterator[str]:
    if not isinstance(tags, list) or not all(
        isinstance(tag, dict) and tag.keys() <= {"name", "value"} and all(isinstance(v, str) for v in tag.values())
        for tag in tags
    ):
        yield "tags has to be a list of maps with name and value, both text"
