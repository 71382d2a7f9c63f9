"""Paths that others name: kept inside the directory they are meant for."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from st2lite.models.errors import ContentError


def inside(directory: Path, relative: str) -> Path:
    """Absolute path of a file below `directory`; raise `ContentError` if the path leads out of it, also over links."""
    given = PurePosixPath(relative)
    if not relative or "\0" in relative or given.is_absolute() or ".." in given.parts:
        raise ContentError(f'"{relative}" has to be a relative path without ".."')
    root = Path(os.path.realpath(directory))
    path = Path(os.path.realpath(root / given))
    if path == root or not path.is_relative_to(root):
        raise ContentError(f'"{relative}" leads out of {directory}')
    return path


def write_atomically(path: Path, text: str) -> None:
    """Write a text file, all of it or nothing; directories on the way are made, the mode of an old file is kept."""
    path.parent.mkdir(parents=True, exist_ok=True)
    spare = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        spare.write_text(text, encoding="utf-8")
        if path.exists():
            spare.chmod(path.stat().st_mode & 0o7777)
        spare.replace(path)
    finally:
        spare.unlink(missing_ok=True)
