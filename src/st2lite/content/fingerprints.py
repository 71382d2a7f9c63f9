"""Fingerprints of content files: cheap to take, and different whenever registering again could change anything."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import st2lite
from st2lite.content.actions import action_files
from st2lite.content.locations import PackLocations
from st2lite.content.overrides import GLOBAL
from st2lite.content.packs import MANIFEST, list_files
from st2lite.content.runner_types import runner_type_files


def runners_fingerprint() -> str:
    """Fingerprint of the runner types that come with the product."""
    return _digest(runner_type_files(), [])


def pack_fingerprint(directory: Path, locations: PackLocations, runners: str) -> str:
    """Fingerprint of all that a pack registers; actions are judged by the runners, hence those count too."""
    name = directory.name
    beside = [locations.config_file(name)]
    if locations.overrides:
        beside += [locations.overrides / GLOBAL, locations.overrides / f"{name}.yaml"]
    metadata = [directory / MANIFEST, directory / "config.schema.yaml", *action_files(directory)]
    return _digest([*metadata, *(path for path in beside if path)], [runners, *list_files(directory)])


def _digest(paths: Iterable[Path], texts: Iterable[str]) -> str:
    digest = hashlib.sha256(st2lite.__version__.encode())
    for text in texts:
        digest.update(b"\0" + text.encode(errors="surrogateescape"))
    for path in paths:
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        digest.update(f"\0{path}\0{status.st_mtime_ns}\0{status.st_size}".encode(errors="surrogateescape"))
    return digest.hexdigest()
