"""The numbers of install.sh: the total that it says in the beginning is what the playbooks come to in the end."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.playbook import Playbook
from ansible.vars.manager import VariableManager

from tests.roles import rendering  # noqa: F401  # it has Ansible find its modules
from tests.roles.modules import load
from tests.roles.role import ROOT

OWN = {
    # Before Ansible: getting the release, looking at the host, preparing Ansible.
    "site": 3,
    "upgrade": 3,
    # A host is not looked at when st2lite is removed from it.
    "uninstall": 2,
}
CONSTANTS = {"site": "SITE_STEPS", "upgrade": "UPGRADE_STEPS", "uninstall": "REMOVAL_STEPS"}


@pytest.fixture(scope="module")
def callback() -> ModuleType:
    return load("st2_steps.py", ROOT / "packaging/host/callback")


def play(name: str) -> Any:
    loader = DataLoader()
    (found,) = Playbook.load(str(ROOT / f"playbooks/{name}.yml"), VariableManager(loader=loader), loader).get_plays()
    return found


@pytest.mark.parametrize("name", OWN)
def test_the_total_is_right_from_the_first_step(
    name: str, callback: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ST2_STEPS_DONE", str(OWN[name]))
    steps = callback.CallbackModule()
    steps.v2_playbook_on_play_start(play(name))
    (constant,) = re.findall(rf"\b{CONSTANTS[name]}=(\d+)", (ROOT / "install.sh").read_text())
    assert steps._total == int(constant)


def test_a_first_installation_is_told_nothing_of_upgrades(callback: ModuleType) -> None:
    names = [task.name for task in callback._tasks(play("site").tasks)]
    assert names[-1] == "Verify the whole"
    assert [name for name in names if "upgrade" in name.lower()] == []


@pytest.mark.parametrize(("kind", "constant"), [("host", "SITE_STEPS"), ("standalone", "STANDALONE_STEPS")])
def test_the_steps_of_the_shell_are_counted(kind: str, constant: str) -> None:
    scripts = [ROOT / "install.sh", *(ROOT / "packaging" / kind).glob("*.sh")]
    own = sum(len(re.findall(r'^ *step "', script.read_text(), re.MULTILINE)) for script in scripts)
    (total,) = re.findall(rf"\b{constant}=(\d+)", (ROOT / "install.sh").read_text())
    assert own == (OWN["site"] if kind == "host" else int(total))
