"""Put a directory in the place of another one at once, and take that back if what follows fails."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

_AT_FDCWD = -100
_EXCHANGE = 2
_DAY = 86400


class Swap:
    """A new directory (or link to one) that has taken its place; the old one waits under the name of the new one.

    Call `finish` to remove the old one, or `undo` to have it back.
    """

    def __init__(self, new: Path, target: Path) -> None:
        self._other = new
        self._target = target
        self.replaced = os.path.lexists(target)
        if self.replaced:
            _exchange(new, target)
        else:
            new.rename(target)

    def undo(self) -> None:
        """Bring back what was there before, and remove the new one."""
        if self.replaced:
            _exchange(self._other, self._target)
        else:
            self._target.rename(self._other)
        remove(self._other)

    def finish(self) -> None:
        """Remove what was there before."""
        if self.replaced:
            remove(self._other)


def remove(path: Path) -> None:
    """Remove a directory with all in it, or a link with the directory beside it that it leads to."""
    if path.is_symlink():
        led = path.parent / path.readlink()
        path.unlink()
        if led.parent != path.parent or not led.name.startswith("."):
            return
        path = led
    shutil.rmtree(path, ignore_errors=True)


def remove_leftovers(directory: Path, prefix: str, used: Path | None = None) -> None:
    """Remove what processes that died a day ago or longer have left behind, but not what the link `used` leads to."""
    kept = used.readlink().name if used is not None and used.is_symlink() else None
    for path in directory.glob(f"{prefix}*"):
        if path.name != kept and path.lstat().st_mtime < time.time() - _DAY:
            remove(path)


def _exchange(one: Path, other: Path) -> None:
    """Exchange two names, in one step where the system can: nobody then finds neither of them."""
    import ctypes  # half a megabyte that only those pay for who install

    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    arguments = (_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _EXCHANGE)
    if rename is None or rename(*arguments) != 0:
        spare = one.with_name(f"{one.name}.old")
        other.rename(spare)
        one.rename(other)
        spare.rename(one)
