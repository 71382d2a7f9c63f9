"""Install packs with what they depend on: fetch all, see that they fit together, then put each in its place."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from st2lite.content.actions import left_out
from st2lite.content.installation.download import Download, Downloader
from st2lite.content.installation.host import PackHost, Registry, check_changeable
from st2lite.content.installation.permissions import share
from st2lite.content.installation.programs import Say
from st2lite.content.installation.sources import Source, parse_source
from st2lite.content.installation.swapping import Swap, remove_leftovers
from st2lite.content.packs import read_pack
from st2lite.models.errors import InvalidInput, St2liteError

DEEPEST = 10
"""Steps from a pack that was asked for to one that it depends on."""

_CONFIG = "config.yaml"
_STAGING = ".staging."


@dataclass
class Installation:
    """What came of it: references of the packs that were installed; with `conflicts`, nothing was."""

    packs: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Wanted:
    """A source, how many steps of dependency led there, and the pack that depends on it (None: the user asks)."""

    source: Source
    depth: int = 0
    by: str | None = None


_MOST_SHOWN = 5


class Installer:
    """Installs packs on a host; `registry` None leaves their content unregistered."""

    def __init__(self, host: PackHost, registry: Registry | None, say: Say) -> None:
        self._host = host
        self._registry = registry
        self._say = say
        self._downloader = Downloader(host.index, say)

    def install(
        self,
        packs: Sequence[str],
        force: bool = False,
        skip_dependencies: bool = False,
        virtualenvs: bool = True,
        find_links: str | None = None,
    ) -> Installation:
        """Install or upgrade packs; on failure each pack is as it was before, or completely installed.

        `force` installs packs that say that they do not fit this host. Raises `ContentError`, `InvalidInput` or what
        `registry` raises.
        """
        if not packs:
            raise InvalidInput("packs: name at least one pack.")
        wanted = [_Wanted(parse_source(text)) for text in packs]
        done = Installation()
        with self._staging() as staging:
            found = self._collect(wanted, staging, force, skip_dependencies, done)
            if done.conflicts:
                return done
            done.packs = list(found)
            # Those that others depend on come first.
            for download in reversed(found.values()):
                self._put_in_place(download, virtualenvs, find_links)
        return done

    def _collect(
        self, wanted: list[_Wanted], staging: Path, force: bool, skip_dependencies: bool, done: Installation
    ) -> dict[str, Download]:
        """Fetch what is wanted and what that depends on, by reference; conflicts and warnings go to `done`."""
        found: dict[str, Download] = {}
        fetched: set[tuple[str, str | None]] = set()
        for want in wanted:  # grows on the way
            if want.depth > DEEPEST:
                raise InvalidInput(
                    f'Pack "{want.by}" depends on "{want.source.given}", more than {DEEPEST} packs away from those '
                    "asked for. Install that first, or skip dependencies."
                )
            name = want.source.location
            if want.by and not want.source.ref and name in found:
                continue
            if self._is_there(want, name, want.source.ref, done):
                continue
            place = self._downloader.locate(want.source)
            if (place.location, place.ref) in fetched:
                continue
            fetched.add((place.location, place.ref))
            download = self._downloader.download(
                want.source, Path(tempfile.mkdtemp(prefix="fetch.", dir=staging)), force
            )
            ref = download.pack.ref
            check_changeable(ref)
            if ref in found:
                if want.source.ref and found[ref].pack.version != download.pack.version:
                    done.conflicts.append(
                        f'{ref}: {download.pack.version} wanted by "{want.by or "you"}", '
                        f"{found[ref].pack.version} by another one"
                    )
                continue
            if self._is_there(want, ref, download.pack.version if want.source.ref else None, done):
                continue
            found[ref] = download
            done.warnings += [*download.warnings, *_left_out(download)]
            if not skip_dependencies:
                dependencies = [parse_source(text) for text in download.pack.dependencies]
                wanted.extend(_Wanted(source, want.depth + 1, ref) for source in dependencies)
        return found

    def _is_there(self, want: _Wanted, ref: str, asked: str | None, done: Installation) -> bool:
        """Tell whether a dependency is installed; note a conflict if that is another version than the wanted one."""
        if want.by is None:
            return False
        directory = self._host.locations.pack_dir(ref)
        if directory is None:
            return False
        version = read_pack(directory).version
        if asked and asked.removeprefix("v") != version:
            done.conflicts.append(f'{ref}: {asked} wanted by "{want.by}", {version} is installed')
        return True

    def _put_in_place(self, download: Download, virtualenvs: bool, find_links: str | None) -> None:
        ref = download.pack.ref
        target = self._host.packs_dir / ref
        with self._host.lock(ref), contextlib.ExitStack() as undoing:
            share(download.directory, self._host.group)
            _keep_config(target, download.directory)
            built = None
            if virtualenvs:
                built = self._host.virtualenvs.build(
                    ref, download.directory, self._say, recreate=False, find_links=find_links
                )
            swaps = []
            if built is not None:
                undoing.callback(self._host.virtualenvs.discard, built)
            swaps.append(Swap(download.directory, target))
            undoing.callback(self._undo, ref, swaps)
            if built is not None:
                swaps.append(self._host.virtualenvs.use(ref, built))
            if self._registry:
                self._say(f'Registering pack "{ref}".')
                counts = self._registry.register(ref)
                told = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
                self._say(f'Pack "{ref}" {download.pack.version} is installed: {told}.')
            undoing.pop_all()
            for swap in swaps:
                swap.finish()

    def _undo(self, ref: str, swaps: list[Swap]) -> None:
        """Have the pack be as it was; what was registered of the new one goes, or becomes the old one again."""
        self._say(f'Pack "{ref}" cannot be installed; bringing back what was there before.')
        for swap in reversed(swaps):
            swap.undo()
        if self._registry:
            with contextlib.suppress(St2liteError):
                if swaps[0].replaced:
                    self._registry.register(ref)
                else:
                    self._registry.unload(ref)

    @contextlib.contextmanager
    def _staging(self) -> Iterator[Path]:
        """A directory on the file system of the packs, so that what is in it can be moved at once."""
        self._host.packs_dir.mkdir(parents=True, exist_ok=True)
        remove_leftovers(self._host.packs_dir, _STAGING)
        with tempfile.TemporaryDirectory(prefix=_STAGING, dir=self._host.packs_dir) as directory:
            yield Path(directory)


def _keep_config(old: Path, new: Path) -> None:
    """Carry over the configuration that old packs have in their own directory; who may read it stays the same."""
    if (old / _CONFIG).is_file():
        shutil.copy2(old / _CONFIG, new / _CONFIG)


def _left_out(download: Download) -> list[str]:
    names = left_out(download.directory)
    if not names:
        return []
    shown = ", ".join(names[:_MOST_SHOWN]) + (", …" if len(names) > _MOST_SHOWN else "")
    return [
        f'Pack "{download.pack.ref}": {len(names)} actions are left out, because this release lacks their workflow '
        f"engine: {shown}."
    ]
