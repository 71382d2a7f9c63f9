"""Who may read and change installed packs: everybody, and their group, as on StackStorm's hosts."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

_READ, _ENTER, _WRITE_FOR_GROUP = 0o444, 0o111, 0o060


def share(directory: Path, group: str) -> None:
    """Let everybody read a directory with all in it, and the group write there, if this host has such a group.

    A process that may not give things to the group leaves them to its own.
    """
    try:
        shutil.chown(directory, group=group)
        shared: str | None = group
    except (LookupError, PermissionError):
        shared = None
    for place, _, files in os.walk(directory):
        for path in (Path(place), *(Path(place, name) for name in files)):
            if not path.is_symlink():
                with contextlib.suppress(OSError):
                    _share(path, shared)


def _share(path: Path, group: str | None) -> None:
    mode = path.stat().st_mode & 0o777
    wanted = mode | _READ | (_ENTER if mode & 0o100 else 0)
    if group:
        shutil.chown(path, group=group)
        wanted |= _WRITE_FOR_GROUP
    if wanted != mode:
        path.chmod(wanted)
