"""Where a python action finds its interpreter, its libraries and its programs."""

from __future__ import annotations

import os
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from st2lite.executions.protocol import RunnerSettings
from st2lite.models.errors import ContentError


@dataclass(frozen=True)
class PythonPaths:
    """The interpreter of a pack, and directories to import from `first` and `last`, around the interpreter's own."""

    python: Path
    first: list[str]
    last: list[str]

    @property
    def pythonpath(self) -> str:
        """PYTHONPATH for interpreters that the action starts."""
        return os.pathsep.join([*self.first, *self.last])

    def search_path(self, inherited: str) -> str:
        """PATH with the programs of the virtualenv first."""
        return os.pathsep.join([str(self.python.parent), *([inherited] if inherited else [])])


class PathFinder:
    """Finds the paths of packs on this host."""

    def __init__(self, settings: RunnerSettings) -> None:
        self._settings = settings
        standard = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib")}
        own = [entry for entry in sys.path if entry and Path(entry).is_dir()]
        self._service = [entry for entry in own if entry not in standard and not entry.endswith("lib-dynload")]

    def paths_of(self, pack: str, pack_dir: Path | None, entry_point: str) -> PythonPaths:
        """Return the paths for an action of `pack`. Raises `ContentError` when its virtualenv is missing."""
        first: list[str] = []
        python = self._settings.service_python
        if pack_dir is not None and self._settings.enable_common_libs:
            first.append(str(pack_dir / "lib"))
        if pack not in self._settings.system_packs:
            virtualenv = self._settings.virtualenvs_dir / pack
            python = virtualenv / "bin" / "python"
            if not python.is_file():
                raise ContentError(
                    f'The virtualenv of pack "{pack}" ({virtualenv}) does not exist. '
                    f"Create it: st2 run packs.setup_virtualenv packs={pack}"
                )
            for library in sorted(virtualenv.glob("lib/python3*")):
                first += [str(library), str(library / "site-packages")]
        if pack_dir is not None:
            first.append(str(pack_dir / "actions" / "lib"))
        first += [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
        last = [str(self._settings.packlib_dir), *self._service, str(Path(entry_point).parent)]
        return PythonPaths(python, first, last)
