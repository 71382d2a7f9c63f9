"""Paths that others name: kept inside the directory they are meant for."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path, PurePosixPath

from st2lite.models.errors import ContentError

_ANY = 0o666
"""Mode that leaves everything to the umask."""


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


def write_atomically(path: Path, text: str, mode: int = _ANY) -> None:
    """Write a text file, all of it or nothing; directories on the way are made.

    A new file gets `mode` as far as the umask allows it, an old one keeps what it has of that; so does its group.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    spare = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.new")
    try:
        with os.fdopen(os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
            file.write(text)
        if path.exists():
            old = path.stat()
            with contextlib.suppress(PermissionError):
                os.chown(spare, -1, old.st_gid)
            spare.chmod(old.st_mode & (0o7777 if mode == _ANY else mode))
        spare.replace(path)
    finally:
        spare.unlink(missing_ok=True)
