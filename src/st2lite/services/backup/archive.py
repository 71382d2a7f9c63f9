"""The backup file: a compressed tar archive, readable by its owner only.

`manifest.json` comes first and says what made it, `store/<collection>.jsonl` holds the documents, `files/<place>/…` the
files, and `end.json` comes last and counts them: an archive without it was cut off.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

import msgspec

from st2lite import __version__
from st2lite.models.errors import InvalidInput
from st2lite.models.timestamps import now
from st2lite.services.backup.documents import clear, dump, kept_kinds, load
from st2lite.storage.contract import Store
from st2lite.storage.migrations import MIGRATIONS, target_version

FORMAT = 1
_MANIFEST, _END = "manifest.json", "end.json"
_SKIPPED = frozenset({"__pycache__"})

Report = Callable[[str], None]
"""Tells a person how far it is, a line at a time."""


def write_backup(path: Path, store: Store, places: Mapping[str, Path], report: Report) -> None:
    """Write store and files into a new file. `places` maps names to the files and directories that are kept."""
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as raw, tarfile.open(fileobj=raw, mode="w:gz", compresslevel=6) as archive:
            manifest = {
                "format": FORMAT,
                "version": __version__,
                "created": now(),
                "schema": target_version(MIGRATIONS),
            }
            _add_json(archive, _MANIFEST, manifest)
            counts = {}
            for name, kind in kept_kinds().items():
                counts[name] = _add_lines(archive, f"store/{name}.jsonl", dump(store, kind))
                report(f"{name}: {counts[name]}")
            for place, source in places.items():
                if source.exists():
                    archive.add(source, f"files/{place}", filter=_plain)
                    report(f"{source}")
            _add_json(archive, _END, {"counts": counts})
            raw.flush()
        with partial.open("rb") as done:
            os.fsync(done.fileno())
        partial.rename(path)
    except OSError as error:
        raise InvalidInput(f"{error.filename or path}: the backup cannot be written: {error.strerror}.") from None
    finally:
        partial.unlink(missing_ok=True)


class Backup:
    """A backup file, taken apart into a directory of its own. Made by `open_backup`."""

    def __init__(self, directory: Path, manifest: dict[str, Any], counts: dict[str, int]) -> None:
        self.manifest = manifest
        self.counts = counts
        self._directory = directory

    def restore_store(self, store: Store, report: Report) -> None:
        """Replace everything in a store with the documents of the backup."""
        kinds = kept_kinds()
        unknown = sorted(self.counts.keys() - kinds.keys())
        if unknown:
            raise InvalidInput(
                f"The backup holds {', '.join(unknown)}, which this release does not know: upgrade first."
            )
        for kind in kinds.values():
            clear(store, kind)
        store.forget_schema()
        store.ensure_schema()
        for name, kind in kinds.items():
            lines = self._directory / "store" / f"{name}.jsonl"
            count = 0
            if lines.exists():
                with lines.open("rb") as stream:
                    count = load(store, kind, stream, int(self.manifest["schema"]))
            if count != self.counts.get(name, 0):
                raise InvalidInput(f"{name}: {count} documents instead of {self.counts.get(name, 0)}: it is damaged.")
            report(f"{name}: {count}")

    def restore_files(self, places: Mapping[str, Path], report: Report) -> None:
        """Put the files of the backup in place; what stands there stays beside it as `<name>.before-restore-…`."""
        for place, target in places.items():
            source = self._directory / "files" / place
            if not source.exists():
                continue
            if target.exists():
                target.rename(target.with_name(f"{target.name}.before-restore-{time.strftime('%Y%m%d-%H%M%S')}"))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(source, target)
            report(f"{target}")


@contextmanager
def open_backup(path: Path) -> Iterator[Backup]:
    """Take a backup file apart; raise `InvalidInput` for one that is damaged, cut off or none at all."""
    with tempfile.TemporaryDirectory(prefix="st2lite-restore-") as text:
        directory = Path(text)
        if not path.exists():
            raise InvalidInput(f"{path} does not exist.")
        try:
            with tarfile.open(path, "r:gz") as archive:
                _extract(archive, directory)
            manifest = msgspec.json.decode((directory / _MANIFEST).read_bytes())
            counts = msgspec.json.decode((directory / _END).read_bytes())["counts"]
        except (tarfile.TarError, EOFError, OSError, msgspec.DecodeError, KeyError) as error:
            raise InvalidInput(f"{path} is not a whole backup of st2lite: {error}") from None
        if manifest.get("format") != FORMAT:
            raise InvalidInput(f"{path} has format {manifest.get('format')}; this release reads {FORMAT}.")
        yield Backup(directory, manifest, counts)


def _extract(archive: tarfile.TarFile, directory: Path) -> None:
    """Unpack below `directory`. Links come last, so that nothing is ever written through one."""
    links = []
    for member in archive:
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts or not (member.isreg() or member.isdir() or member.issym()):
            raise InvalidInput(f"The backup holds {member.name}, which leads out of it: nothing was restored.")
        target = directory / path
        if member.issym():
            links.append((target, member.linkname))
            continue
        content = archive.extractfile(member)
        if content is None:
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                shutil.copyfileobj(content, file)
        target.chmod(member.mode & 0o777)
        _give_to_owner(target, member)
    for target, destination in links:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(destination)


def _give_to_owner(path: Path, member: tarfile.TarInfo) -> None:
    """Keep owner and group where this user may set them and the host knows them."""
    if os.geteuid() == 0 and member.uname and member.gname:
        with contextlib.suppress(LookupError, OSError):
            shutil.chown(path, member.uname, member.gname)


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Files, directories and links; no sockets and devices, nothing that Python makes anew."""
    path = PurePosixPath(member.name)
    kept = member.isreg() or member.isdir() or member.issym()
    return member if kept and not _SKIPPED.intersection(path.parts) else None


def _add_json(archive: tarfile.TarFile, name: str, content: dict[str, Any]) -> None:
    data = msgspec.json.encode(content)
    _add(archive, name, io.BytesIO(data), len(data))


def _add_lines(archive: tarfile.TarFile, name: str, lines: Iterator[bytes]) -> int:
    with tempfile.TemporaryFile() as stream:
        count = 0
        for line in lines:
            stream.write(line)
            count += 1
        size = stream.tell()
        stream.seek(0)
        _add(archive, name, stream, size)
    return count


def _add(archive: tarfile.TarFile, name: str, stream: IO[bytes], size: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, int(time.time())
    archive.addfile(member, stream)
