"""Fingerprints of content files: cheap to take, and different whenever registering again could change anything."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import st2lite
from st2lite.content.configs import SCHEMA_FILE
from st2lite.content.internal_triggers import internal_trigger_files
from st2lite.content.locations import PackLocations
from st2lite.content.metadata import metadata_files
from st2lite.content.overrides import GLOBAL
from st2lite.content.packs import MANIFEST, list_files
from st2lite.content.runner_types import runner_type_files

_KINDS = ("triggers", "sensors", "actions", "rules", "aliases", "policies")
"""Directories of a pack that hold metadata."""


def runners_fingerprint() -> str:
    """Fingerprint of the runner types that come with the product."""
    return _digest(runner_type_files(), [])


def triggers_fingerprint() -> str:
    """Fingerprint of the trigger types that come with the product."""
    return _digest(internal_trigger_files(), [])


def pack_fingerprint(directory: Path, locations: PackLocations, product: Iterable[str]) -> str:
    """Fingerprint of all that a pack registers.

    Actions are judged by runner types and rules by trigger types, hence the fingerprints of the `product` count, too.
    """
    name = directory.name
    beside = [locations.config_file(name)]
    if locations.overrides:
        beside += [locations.overrides / GLOBAL, locations.overrides / f"{name}.yaml"]
    metadata = [directory / MANIFEST, directory / SCHEMA_FILE]
    for kind in _KINDS:
        metadata += metadata_files(directory, kind)
    return _digest([*metadata, *(path for path in beside if path)], [*product, *list_files(directory)])


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
