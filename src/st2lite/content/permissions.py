"""Who may change installed packs: their group, as on StackStorm's hosts."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

_DIRECTORY = 0o775
_FILE, _PROGRAM = 0o664, 0o775


def share(directory: Path, group: str) -> None:
    """Let the group read and write a directory with all in it; without such a group on this host, nothing happens.

    A process that may not give things to the group leaves them to its own.
    """
    try:
        shutil.chown(directory, group=group)
    except (LookupError, PermissionError):
        return
    for place, _, files in os.walk(directory):
        for path, mode in [(Path(place), _DIRECTORY), *((Path(place, name), None) for name in files)]:
            if path.is_symlink():
                continue
            with contextlib.suppress(OSError):
                shutil.chown(path, group=group)
                path.chmod(mode or (_PROGRAM if path.stat().st_mode & 0o100 else _FILE))
