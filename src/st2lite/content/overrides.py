"""Overrides: the operator enables or disables content of packs without touching their files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from st2lite.content.yaml_files import load_map
from st2lite.models.errors import ContentError

GLOBAL = "_global.yaml"


class Overrides:
    """What the files of one directory say about one pack; `directory` None says nothing."""

    def __init__(self, directory: Path | None, pack: str) -> None:
        """Raise `ContentError` for a file that is not valid."""
        self._for_all: dict[str, Any] = {}
        self._for_pack: dict[str, Any] = {}
        if directory is None:
            return
        if (path := directory / GLOBAL).is_file():
            self._for_all = _read(path)
            if any("exceptions" in rules for rules in self._for_all.values()):
                raise ContentError(f"{path}: exceptions belong in the file of a pack; only defaults can be global")
        if (path := directory / f"{pack}.yaml").is_file():
            self._for_pack = _read(path)

    def enabled(self, kind: str, name: str, given: bool) -> bool:
        """Whether an object is enabled after all; `kind` is actions, sensors, rules or aliases."""
        for rules in (self._for_all.get(kind, {}), self._for_pack.get(kind, {})):
            given = rules.get("defaults", {}).get("enabled", given)
            given = rules.get("exceptions", {}).get(name, {}).get("enabled", given)
        return given


def _read(path: Path) -> dict[str, Any]:
    content = load_map(path)
    for kind, rules in content.items():
        if kind not in ("actions", "sensors", "rules", "aliases"):
            raise ContentError(f'{path}: "{kind}" cannot be overridden; actions, sensors, rules and aliases can')
        if not isinstance(rules, dict) or rules.keys() - {"defaults", "exceptions"}:
            raise ContentError(f"{path}: {kind}: expected a map with defaults and exceptions")
        if not isinstance(rules.get("exceptions", {}), dict):
            raise ContentError(f"{path}: {kind}, exceptions: expected a map of names to attributes")
        for where, settings in (("defaults", rules.get("defaults", {})), *rules.get("exceptions", {}).items()):
            if not isinstance(settings, dict) or settings.keys() - {"enabled"}:
                raise ContentError(f"{path}: {kind}, {where}: the only attribute that can be overridden is enabled")
            if not isinstance(settings.get("enabled", True), bool):
                raise ContentError(f"{path}: {kind}, {where}: enabled has to be true or false")
    return content
