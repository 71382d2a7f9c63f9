"""Which packs came from where: a record of what programs have installed, so that the same wish is granted once."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from pathlib import Path

from st2lite.content.packs import has_manifest

_NAME = ".installed-from.json"


class InstallationRecord:
    """The record of one directory of packs: source, as it was given, to the packs that came of it.

    Sources are kept as digests, since they may hold passwords. `group` may write the record, if there is such a group.
    """

    def __init__(self, packs_dir: Path, group: str = "") -> None:
        self._packs_dir = packs_dir
        self._path = packs_dir / _NAME
        self._group = group

    def packs_of(self, source: str) -> list[str]:
        """The packs that came from a source, if all of them are there still; else none."""
        packs = self._read().get(_digest(source), [])
        return packs if all(has_manifest(self._packs_dir / pack) for pack in packs) else []

    def add(self, source: str, packs: list[str]) -> None:
        """Write down what came from a source. Raises `OSError`."""
        record = {**self._read(), _digest(source): sorted(packs)}
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        with contextlib.suppress(LookupError, PermissionError):
            shutil.chown(new, group=self._group)
            new.chmod(0o664)
        new.replace(self._path)

    def _read(self) -> dict[str, list[str]]:
        try:
            record: dict[str, list[str]] = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):  # none yet, or damaged: the worst that follows is one more installation
            return {}
        return record


def _digest(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()[:32]
