"""Where packs and their configuration lie on this host."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

DEFAULT_PACK = "default"
"""The pack of actions made through the API without naming one: it is written to, so it lies beside the user's packs."""


def system_packs_dir() -> Path:
    """Directory of the packs that come with the product: inside an installed package, at the root of a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_packs"
    return installed if installed.is_dir() else package.parent.parent / "packs"


class PackLocations:
    """The directories that hold packs, in order of precedence: the first that has a pack wins.

    Only the pack `default` is looked for in the system's directory last, since users add to a copy of it.

    `system` is the directory of system packs (None: the one that comes with the product), `configs` that of
    `<pack>.yaml` configuration files, `overrides` that of files that enable or disable content.
    """

    def __init__(
        self,
        system: Path | None,
        packs: Sequence[Path],
        configs: Path | None = None,
        overrides: Path | None = None,
    ) -> None:
        self.system = system or system_packs_dir()
        self.roots = [self.system, *(path for path in packs if path != self.system)]
        self.configs = configs
        self.overrides = overrides or (configs.parent / "overrides" if configs else None)

    def pack_dir(self, pack: str) -> Path | None:
        """Absolute directory of a pack, None if it is not on this host."""
        if not pack or "/" in pack or pack in (".", ".."):
            return None
        for root in self._roots_of(pack):
            path = root / pack
            if path.is_dir():
                return path.absolute()
        return None

    def all_packs(self) -> dict[str, Path]:
        """Directories of all packs by the name of the directory: system packs first, then the others by name."""
        found: dict[str, Path] = {}
        for root in self.roots:
            try:
                entries = sorted(root.iterdir())
            except OSError:  # a root that does not exist yet holds no packs
                continue
            for path in entries:
                if not path.name.startswith(".") and path.is_dir():
                    found.setdefault(path.name, path.absolute())
        own = self.pack_dir(DEFAULT_PACK)
        return found if own is None else {**found, DEFAULT_PACK: own}

    def _roots_of(self, pack: str) -> list[Path]:
        return [*self.roots[1:], self.system] if pack == DEFAULT_PACK else self.roots

    def config_file(self, pack: str) -> Path | None:
        """The configuration file of a pack, whether it exists or not."""
        return self.configs / f"{pack}.yaml" if self.configs else None
