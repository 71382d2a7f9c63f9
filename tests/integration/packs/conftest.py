"""A host that packs are installed on, without the services around it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from st2lite.content.installation.host import PackHost
from st2lite.content.installation.index import PackIndex
from st2lite.content.installation.installer import Installation, Installer
from st2lite.content.installation.removal import Remover
from st2lite.content.installation.virtualenvs import Virtualenvs
from st2lite.content.locations import PackLocations
from st2lite.content.packs import read_pack
from st2lite.models.errors import ContentError


class Registered:
    """A registry that notes versions by pack, and refuses packs with a file `broken`."""

    def __init__(self, locations: PackLocations) -> None:
        self._locations = locations
        self.versions: dict[str, str] = {}
        self.calls: list[str] = []

    def register(self, pack: str) -> dict[str, int]:
        directory = self._locations.pack_dir(pack)
        assert directory is not None, f"{pack} is registered before it is in place"
        self.calls.append(f"register {pack}")
        if (directory / "broken").exists():
            raise ContentError(f"{pack} is broken")
        self.versions[pack] = read_pack(directory).version
        return {"actions": 1}

    def unload(self, pack: str) -> dict[str, int]:
        self.calls.append(f"unload {pack}")
        return {"packs": 1 if self.versions.pop(pack, None) else 0}


class Host:
    """Directories below `base`; `say` collects what is told."""

    def __init__(
        self,
        base: Path,
        indexes: tuple[str, ...] = (),
        pip_opts: tuple[str, ...] = (),
        python: str = sys.executable,
        group: str = "",
    ) -> None:
        self.base = base
        self.packs = base / "packs"
        self.virtualenvs = base / "virtualenvs"
        self.told: list[str] = []
        locations = PackLocations(None, [self.packs], base / "configs")
        self.registry = Registered(locations)
        made = Virtualenvs(self.virtualenvs, Path(python), pip_opts)
        self.host = PackHost(locations, self.packs, made, PackIndex(indexes), group)

    def install(self, *packs: str, virtualenvs: bool = False, **options: Any) -> Installation:
        """Install, without virtualenvs unless they are asked for."""
        installer = Installer(self.host, self.registry, self.told.append)
        return installer.install(packs, virtualenvs=virtualenvs, **options)

    def uninstall(self, *packs: str) -> list[str]:
        return Remover(self.host, self.registry, self.told.append).uninstall(packs)

    def version(self, pack: str) -> str:
        """Version of the pack on disk."""
        return read_pack(self.packs / pack).version

    def python(self, pack: str, code: str) -> str:
        """Run code in the virtualenv of a pack."""
        command = [self.virtualenvs / pack / "bin" / "python", "-c", code]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    @property
    def leftovers(self) -> list[str]:
        """Hidden entries beside the packs and virtualenvs that nobody uses."""
        used = {path.readlink().name for path in self.virtualenvs.glob("[!.]*") if path.is_symlink()}
        hidden = [path.name for root in (self.packs, self.virtualenvs) for path in root.glob(".*")]
        return sorted(set(hidden) - used - {".locks"})


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path / "st2")
