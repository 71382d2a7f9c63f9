"""Fetch a pack from its source into a directory of its own, and see that it fits this host."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from st2lite.content.installation.archive import LARGEST_PACK, copy_folder, find_pack, unpack
from st2lite.content.installation.git import clone, is_repository
from st2lite.content.installation.index import IndexProblem, PackIndex, fetch
from st2lite.content.installation.programs import Say, hide_credentials
from st2lite.content.installation.requirements import unmet
from st2lite.content.installation.sources import ARCHIVE, GIT, INDEX, Source, parse_source
from st2lite.content.packs import MANIFEST, read_pack
from st2lite.models.errors import ContentError, InvalidInput
from st2lite.models.pack import Pack


@dataclass(frozen=True)
class Download:
    """A pack that was fetched into `directory`; `source` is where from, `warnings` what was forgiven."""

    source: Source
    directory: Path
    pack: Pack
    warnings: list[str]


class Downloader:
    """Fetches packs; the index is read at the first name that needs it."""

    def __init__(self, index: PackIndex, say: Say) -> None:
        self._index = index
        self._say = say
        self._entries: dict[str, dict[str, object]] | None = None

    def download(self, source: Source, staging: Path, force: bool = False) -> Download:
        """Fetch a pack to a directory below `staging`, which has to be empty; raise `ContentError` or `InvalidInput`.

        One that does not fit this host is refused unless `force` is given.
        """
        place = self.locate(source)
        directory = self._fetch(place, staging / place.name)
        pack = read_pack(directory)
        if place.kind != GIT and place.ref and place.ref.removeprefix("v") != pack.version:
            raise ContentError(f"{source.given}: there is only version {pack.version}, not {place.ref}.")
        reasons = list(unmet(pack))
        if reasons and not force:
            raise ContentError(" ".join([*reasons, "Install it with force to use it all the same."]))
        return Download(place, directory, pack, reasons)

    def locate(self, source: Source) -> Source:
        """The place that a name of the index stands for; any other source as it is."""
        if source.kind != INDEX:
            if source.kind == ARCHIVE or not source.location.startswith("/"):
                return source
            return _local(source)
        if self._entries is None:
            self._entries = self._index.packs()
        entry = self._entries.get(source.location)
        if entry is None:
            raise InvalidInput(
                f'No record of the "{source.location}" pack in the index. Search it (st2 pack search), or give the '
                "URL of its repository."
            )
        address = entry.get("repo_url")
        if not isinstance(address, str):
            raise ContentError(f'The index does not say where the pack "{source.location}" is to be had (repo_url).')
        place = parse_source(address)
        if place.kind == INDEX:
            raise ContentError(f'The index gives "{address}" for the pack "{source.location}", which is no address.')
        version = entry.get("version")
        ref = source.ref or place.ref or (str(version) if version else None)
        return self.locate(Source(source.given, place.kind, place.location, ref))

    def _fetch(self, source: Source, target: Path) -> Path:
        if source.kind == GIT:
            clone(source.location, target, source.ref, self._say)
            return target
        self._say(f"Fetching {hide_credentials(source.location)}.")
        if source.kind == ARCHIVE:
            return self._unpack(source, target)
        copy_folder(Path(source.location), target)
        return target

    def _unpack(self, source: Source, target: Path) -> Path:
        archive = Path(source.location)
        if "://" in source.location:
            archive = target.with_name(source.location.rpartition("/")[2])
            try:
                with archive.open("wb") as file:
                    file.writelines(fetch(source.location, LARGEST_PACK))
            except IndexProblem as problem:
                raise ContentError(f"{hide_credentials(source.location)}: {problem.message}") from None
        elif not archive.is_file():
            raise InvalidInput(f'packs: "{source.given}": there is no file {archive} on this host.')
        unpacked = target.with_name(f"{target.name}.unpacked")
        unpacked.mkdir()
        unpack(archive, unpacked)
        # Named like the source, so that it serves as reference where the manifest gives none.
        return find_pack(unpacked, MANIFEST).rename(target)


def _local(source: Source) -> Source:
    directory = Path(source.location)
    if not directory.is_dir():
        raise InvalidInput(f'packs: "{source.given}": there is no directory {directory} on this host.')
    if is_repository(directory):
        return Source(source.given, GIT, f"file://{directory}", source.ref)
    return source
