"""pack.yaml: what a pack says of itself."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from st2lite.content.yaml_files import is_unicode, load_map
from st2lite.models.errors import ContentError, InvalidInput
from st2lite.models.pack import CORE_PACK, Pack

MANIFEST = "pack.yaml"
_REF = re.compile(r"[a-z0-9_]+")
_RESERVED = frozenset({"_global"})
_VERSION = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?"
)
_SHORT_VERSION = re.compile(r"\d+(\.\d+)?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_COMPARATOR = re.compile(r"\s*(>=|<=|=|>|<)\s*\d+\.\d+\.\d+\S*\s*")
_CONTRIBUTOR_LENGTH = 100
_HIDDEN_DIRS = frozenset({".git", "__pycache__"})


def has_manifest(directory: Path) -> bool:
    """Tell whether a directory claims to be a pack; one that may not be looked into does, so that reading says why."""
    try:
        return (directory / MANIFEST).is_file()
    except OSError:
        return True


def read_pack(directory: Path) -> Pack:
    """The pack in a directory; raise `ContentError` that lists all that is wrong with its manifest."""
    path = directory / MANIFEST
    if not has_manifest(directory):
        raise ContentError(
            f'{directory}: not a pack, since it has no "{MANIFEST}"; write one with name, description, '
            "version and author"
        )
    manifest = load_map(path)
    if "version" in manifest:
        manifest["version"] = _full_version(manifest["version"])
    problems = list(_problems(manifest))
    if problems:
        raise ContentError(f"{path}: {'; '.join(problems)}")
    return Pack(
        ref=_ref(manifest, directory),
        name=manifest["name"],
        description=manifest["description"],
        version=manifest["version"],
        author=manifest["author"],
        email=manifest.get("email") or "",
        keywords=manifest.get("keywords") or [],
        contributors=manifest.get("contributors") or [],
        stackstorm_version=manifest.get("stackstorm_version") or "",
        python_versions=manifest.get("python_versions") or [],
        dependencies=manifest.get("dependencies") or [],
        system=manifest.get("system") or {},
        files=list_files(directory),
        path=str(directory),
    )


def is_pack_ref(text: str) -> bool:
    """Tell whether a text can be the reference of a pack."""
    return _REF.fullmatch(text) is not None and text not in _RESERVED


def given_pack(content: Mapping[str, Any], default: str) -> str:
    """The pack that a client names for what it makes or changes; raise `InvalidInput` for what can be none."""
    pack = content.get("pack") or default
    if not isinstance(pack, str) or not is_pack_ref(pack):
        raise InvalidInput(
            f'pack: has to be the name of a pack (lower-case letters, digits and underscores), and not "{pack}".'
        )
    return pack


def refuse_protected(pack: str) -> None:
    """Raise `InvalidInput` if clients may change nothing in a pack."""
    if pack == CORE_PACK:
        raise InvalidInput(
            "Resources belonging to system level packs can't be manipulated; clone them to a pack of your own."
        )


def list_files(directory: Path) -> list[str]:
    """Relative paths of the files of a pack, sorted, without compiled python and version control.

    Names that are not UTF-8 are left out: no text can say them.
    """
    found: list[str] = []
    _collect(str(directory), "", found)
    return sorted(name for name in found if is_unicode(name))


def _collect(directory: str, prefix: str, found: list[str]) -> None:
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _HIDDEN_DIRS:
                    _collect(entry.path, f"{prefix}{entry.name}/", found)
            elif not entry.name.endswith(".pyc"):
                found.append(prefix + entry.name)


def _ref(manifest: Mapping[str, Any], directory: Path) -> str:
    """The given reference, else the name if it is fit for one, else the name of the directory."""
    for text in (manifest.get("ref"), manifest["name"], directory.name):
        if text is not None and is_pack_ref(text):
            return str(text)
        if text is not None and text == manifest.get("ref"):
            break
    raise ContentError(
        f'{directory / MANIFEST}: "{manifest.get("ref") or manifest["name"]}" cannot be the reference of a pack; '
        "give a ref of lower-case letters, digits and underscores"
    )


def _full_version(version: Any) -> Any:
    """Text of a version; 1 and 0.2 are accepted as 1.0.0 and 0.2.0."""
    text = str(version) if isinstance(version, (int, float)) and not isinstance(version, bool) else version
    if isinstance(text, str) and _SHORT_VERSION.fullmatch(text):
        text += ".0" * (2 - text.count("."))
    return text


def _problems(manifest: Mapping[str, Any]) -> Iterator[str]:
    for key in ("name", "description", "version", "author"):
        value = manifest.get(key)
        if not isinstance(value, str) or (not value and key != "description"):
            yield f"{key} has to be given as text"
    for key in ("ref", "email", "stackstorm_version"):
        if not isinstance(manifest.get(key) or "", str):
            yield f"{key} has to be text"
    for key in ("keywords", "contributors", "python_versions", "dependencies"):
        value = manifest.get(key) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            yield f"{key} has to be a list of texts"
        elif key == "contributors" and any(len(item) > _CONTRIBUTOR_LENGTH for item in value):
            yield f"contributors must not be longer than {_CONTRIBUTOR_LENGTH} characters each"
        elif key == "python_versions" and (set(value) - {"2", "3"} or len(value) != len(set(value))):
            yield 'python_versions has to be a list of "2" and "3", each at most once'
    if not isinstance(manifest.get("system") or {}, dict):
        yield "system has to be a map"
    version, email, wanted = (manifest.get(key) for key in ("version", "email", "stackstorm_version"))
    if isinstance(version, str) and version and not _VERSION.fullmatch(version):
        yield f'version "{version}" has to be a semantic version such as 1.2.3'
    if isinstance(email, str) and email and not _EMAIL.fullmatch(email):
        yield f'email "{email}" has to be a mail address'
    if isinstance(wanted, str) and wanted and not all(map(_COMPARATOR.fullmatch, wanted.split(","))):
        yield f'stackstorm_version "{wanted}" has to be comparisons such as >=3.0.0, <4.0.0'
