"""The inventories that people copy: what they set has to exist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.roles.role import ROOT, roles

_INVENTORIES = sorted((ROOT / "playbooks" / "inventories").glob("*.yml"))
_OF_ANSIBLE = ("ansible_connection", "ansible_python_interpreter", "ansible_user")


@pytest.mark.parametrize("file", _INVENTORIES, ids=lambda file: file.stem)
def test_inventories_name_hosts_and_set_what_roles_know(file: Path) -> None:
    group: dict[str, Any] = yaml.safe_load(file.read_text())["all"]
    assert group["hosts"]
    known = {name for role in roles() for name in role.defaults} | set(_OF_ANSIBLE)
    for host, variables in [*group["hosts"].items(), ("all", group.get("vars"))]:
        assert set(variables or {}) <= known, f"{host} in {file.name}"


def test_there_is_one_for_this_host_and_one_for_others() -> None:
    assert [file.stem for file in _INVENTORIES] == ["localhost", "remote"]
