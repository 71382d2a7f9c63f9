"""Where packs are installed on this host, and one at a time for each pack."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from st2lite.content.installation.index import PackIndex
from st2lite.content.installation.permissions import share
from st2lite.content.installation.virtualenvs import Virtualenvs
from st2lite.content.locations import PackLocations
from st2lite.content.packs import is_pack_ref
from st2lite.models.errors import InvalidInput
from st2lite.models.pack import SYSTEM_PACKS


@dataclass(frozen=True)
class PackHost:
    """`packs_dir` is where packs are installed to; `group` owns them, if it exists."""

    locations: PackLocations
    packs_dir: Path
    virtualenvs: Virtualenvs
    index: PackIndex
    group: str = ""

    @contextmanager
    def lock(self, pack: str) -> Iterator[None]:
        """Hold a pack for oneself, against all processes that share these directories."""
        check_changeable(pack)
        directory = self.packs_dir / ".locks"
        directory.mkdir(parents=True, exist_ok=True)
        with (directory / pack).open("w") as file:
            share(directory, self.group)  # the services that take turns are not all the same user
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def installed_dir(self, pack: str) -> Path:
        """Directory of a pack on this host; raise `InvalidInput` if there is none."""
        path = self.locations.pack_dir(pack)
        if path is None:
            roots = ", ".join(map(str, self.locations.roots))
            raise InvalidInput(f'Pack "{pack}" is not installed on this host ({roots}).')
        return path


class Registry(Protocol):
    """What the store knows of packs: this, and nothing else, is needed of it to install and remove them."""

    def register(self, pack: str) -> dict[str, int]:
        """Register the content of a pack that lies on disk; return counts by kind."""

    def unload(self, pack: str) -> dict[str, int]:
        """Remove all that was registered of a pack; return counts by kind."""


def check_changeable(pack: str) -> None:
    """Raise `InvalidInput` for what is no reference of a pack, and for system packs."""
    if not is_pack_ref(pack):
        raise InvalidInput(f'packs: "{pack}" cannot be the reference of a pack.')
    if pack in SYSTEM_PACKS:
        raise InvalidInput(f'Pack "{pack}" comes with st2lite: it can be neither replaced nor removed.')
