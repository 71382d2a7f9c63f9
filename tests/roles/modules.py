"""Modules for Ansible that the product brings along, loaded as Python modules."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

from tests.roles.role import ROOT


def load(path: str, folder: Path = ROOT / "roles") -> ModuleType:
    """The file `path` in the folder."""
    file = folder / path
    spec = importlib.util.spec_from_file_location(Path(path).stem, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
