"""The system packs where a host keeps its packs: copies of those that come with the product, of the same version."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from st2lite.content.installation.permissions import share
from st2lite.content.installation.swapping import Swap, remove, remove_leftovers
from st2lite.content.locations import DEFAULT_PACK, system_packs_dir
from st2lite.models.errors import ContentError

_STAGING = ".system."
_BY_PRODUCTS = shutil.ignore_patterns("__pycache__", "*.pyc")


def place_system_packs(directory: Path, group: str, source: Path | None = None) -> list[str]:
    """Bring the system packs in `directory` in line with those of this version; return the names of what was changed.

    Each pack is exchanged as a whole, so what was edited in it is lost; only the pack `default`, which belongs to the
    users, is kept and gets the files that it lacks. `group` may write to them, if this host has it. Raises
    `ContentError` if the directory cannot be written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        remove_leftovers(directory, _STAGING)
        return [
            pack.name
            for pack in sorted((source or system_packs_dir()).iterdir())
            if pack.is_dir() and _place(pack, directory / pack.name, group)
        ]
    except OSError as error:
        raise ContentError(
            f"{error.filename or directory}: {error.strerror}. Run this as a user who may write to {directory}."
        ) from None


def _place(pack: Path, target: Path, group: str) -> bool:
    wanted = _files(pack)
    found = _files(target) if target.is_dir() else {}
    keep = pack.name == DEFAULT_PACK
    if (wanted.keys() <= found.keys()) if keep else (wanted == found):
        return False
    staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=target.parent))
    try:
        new = staging / pack.name
        shutil.copytree(pack, new, ignore=_BY_PRODUCTS)
        if keep and target.is_dir():
            shutil.copytree(target, new, symlinks=True, dirs_exist_ok=True)
        share(new, group)
        Swap(new, target).finish()
    finally:
        remove(staging)
    return True


def _files(directory: Path) -> dict[str, bytes]:
    """Contents of all files by path; what Python leaves beside its modules does not count."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
