"""Bringing over packs and configurations: files, which registration then reads."""

from __future__ import annotations

import shutil
from pathlib import Path

from st2lite.content.locations import PackLocations
from st2lite.content.paths import inside
from st2lite.models.errors import ContentError, InvalidInput
from st2lite.models.pack import SYSTEM_PACKS
from st2lite.services.stackstorm.report import FAILED, IMPORTED, KEPT, Report
from st2lite.services.stackstorm.sources import Source

_OURS = SYSTEM_PACKS | {"examples"}
"""Packs that come with either product."""


def copy_packs(base: Path, target: Path, report: Report) -> None:
    """Copy the packs and configurations below StackStorm's base directory; what is there already stays."""
    if not (base / "packs").is_dir():
        raise InvalidInput(f"--files: there is no directory packs in {base}; give StackStorm's base path.")
    for path in sorted((base / "packs").iterdir()):
        if path.is_dir() and path.name not in _OURS:
            _copy(path, target / "packs" / path.name, "packs", report)
    for path in sorted((base / "configs").glob("*.yaml")):
        _copy(path, target / "configs" / path.name, "configs", report)


def _copy(source: Path, target: Path, kind: str, report: Report) -> None:
    if target.exists():
        report.add(kind, source.stem if kind == "configs" else source.name, KEPT)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True)
        else:
            shutil.copy2(source, target)
            target.chmod(0o640)
    except (OSError, shutil.Error) as error:
        report.add(kind, source.name, FAILED, str(error))
    else:
        report.add(kind, source.stem if kind == "configs" else source.name, IMPORTED)


def fetch_packs(source: Source, locations: PackLocations, target: Path, report: Report) -> None:
    """Write the files of packs that a source has and this host has not."""
    known = set(locations.all_packs()) | _OURS
    fetched: dict[str, int] = {}
    for pack, name, content in source.pack_files():
        if pack in known:
            continue
        try:
            path = inside(target / "packs" / pack, name)
        except ContentError as error:
            report.add("packs", pack, FAILED, error.message)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if content.startswith(b"#!"):
            path.chmod(0o755)
        fetched[pack] = fetched.get(pack, 0) + 1
    for pack in fetched:
        report.add("packs", pack, IMPORTED)
