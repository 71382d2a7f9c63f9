"""Where packs lie and are installed to, from the configuration; handed to actions that install packs as variables."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from st2lite.config.load import load
from st2lite.config.schema import Config
from st2lite.content.installation.host import PackHost
from st2lite.content.installation.index import PackIndex
from st2lite.content.installation.virtualenvs import Virtualenvs
from st2lite.content.locations import PackLocations

_HANDED_DOWN = {
    "system": ("base_path",),
    "content": ("index_url", "pack_group", "system_packs_base_path", "packs_base_paths"),
    "actionrunner": ("python_binary", "pip_opts"),
}


def pack_locations(config: Config) -> PackLocations:
    """Where packs lie on this host."""
    content, base = config.content, Path(config.system.base_path)
    extra = [Path(text) for text in content.packs_base_paths.split(":") if text]
    system = Path(content.system_packs_base_path) if content.system_packs_base_path else None
    return PackLocations(system, [base / "packs", *extra], base / "configs")


def pack_host(config: Config) -> PackHost:
    """Where and how packs are installed on this host."""
    base, given, group = Path(config.system.base_path), config.actionrunner.python_binary, config.content.pack_group
    python = Path(shutil.which(given) or given) if given else Path(sys.executable)
    virtualenvs = Virtualenvs(base / "virtualenvs", python, config.actionrunner.pip_opts, group)
    return PackHost(pack_locations(config), base / "packs", virtualenvs, PackIndex(config.content.index_url), group)


def pack_variables(config: Config) -> dict[str, str]:
    """The environment from which `handed_down` makes what `pack_host` makes of the configuration."""
    variables = {}
    for section, names in _HANDED_DOWN.items():
        for name in names:
            value = getattr(getattr(config, section), name)
            variables[f"ST2_{section}__{name}".upper()] = ",".join(value) if isinstance(value, list) else value
    return variables


def handed_down() -> PackHost:
    """Where and how packs are installed on this host, for an action that a service of this host runs."""
    return pack_host(load(None))
