"""Archives of packs: only plain files and directories leave them, within bounds, and below the directory they go to."""

from __future__ import annotations

import shutil
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from st2lite.content.paths import inside
from st2lite.models.errors import ContentError

LARGEST_PACK = 512 * 1024 * 1024
"""Bytes that an archive may come to when it is unpacked."""
MOST_FILES = 50_000

_PIECE = 1024 * 1024


@dataclass(frozen=True)
class _Member:
    """One entry; `kind` is file, directory, or what it is instead."""

    name: str
    kind: str
    executable: bool
    handle: Any


def unpack(archive: Path, target: Path) -> None:
    """Unpack a .tar.gz, .tgz or .zip below `target`; raise `ContentError` for one that is broken, too large, or sly."""
    try:
        with _opened(archive) as (members, open_member):
            _unpack(members, open_member, target)
    except ContentError as error:
        raise ContentError(f"{archive.name}: {error.message}") from None
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise ContentError(f"{archive.name}: cannot be unpacked: {error}") from None


def _unpack(members: Iterator[_Member], open_member: Any, target: Path) -> None:
    room = LARGEST_PACK
    for number, member in enumerate(members):
        if number >= MOST_FILES:
            raise ContentError(f"holds more than {MOST_FILES} files, which no pack does")
        if member.kind not in ("file", "directory"):
            raise ContentError(f'"{member.name}" is a {member.kind}; only files and directories are unpacked')
        name = member.name.removeprefix("./").rstrip("/")
        if name in ("", "."):
            continue
        path = inside(target, name)
        if member.kind == "directory":
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        with open_member(member.handle) as source, path.open("wb") as file:
            room = _copy(source, file, room)
        path.chmod(0o755 if member.executable else 0o644)


def _copy(source: IO[bytes], file: IO[bytes], room: int) -> int:
    """Copy a member; return the bytes that are left for others. The size a header claims is not believed."""
    while piece := source.read(_PIECE):
        room -= len(piece)
        if room < 0:
            raise ContentError(f"comes to more than {LARGEST_PACK // 1024**2} MiB when it is unpacked")
        file.write(piece)
    return room


@contextmanager
def _opened(archive: Path) -> Iterator[tuple[Iterator[_Member], Any]]:
    if archive.name.lower().endswith(".zip"):
        with zipfile.ZipFile(archive) as zipped:
            yield (_zip_member(info) for info in zipped.infolist()), zipped.open
    else:
        with tarfile.open(archive, "r:gz") as tar:
            yield (_tar_member(info) for info in tar if info.type != tarfile.XGLTYPE), tar.extractfile


def _zip_member(info: zipfile.ZipInfo) -> _Member:
    mode = info.external_attr >> 16
    kind = "directory" if info.is_dir() else "symbolic link" if stat.S_ISLNK(mode) else "file"
    return _Member(info.filename, kind, bool(mode & 0o100), info)


def _tar_member(info: tarfile.TarInfo) -> _Member:
    if info.isreg() or info.isdir():
        kind = "directory" if info.isdir() else "file"
    else:
        kind = "symbolic link" if info.issym() else "hard link" if info.islnk() else "special file"
    return _Member(info.name, kind, bool(info.mode & 0o100), info)


def find_pack(directory: Path, manifest: str) -> Path:
    """Where in what was unpacked the pack lies: at the top, or in the one directory there."""
    if not (directory / manifest).is_file():
        entries = [path for path in directory.iterdir() if path.is_dir()]
        if len(entries) == 1 and (entries[0] / manifest).is_file():
            return entries[0]
    return directory


def copy_folder(source: Path, target: Path) -> None:
    """Copy a plain directory; links in it stay links."""
    try:
        shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    except (shutil.Error, OSError) as error:
        raise ContentError(f"{source} cannot be copied: {error}") from None
