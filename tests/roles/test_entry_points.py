"""What playbooks and other roles may call of a role is specified: Ansible then refuses what it is wrongly given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.roles.role import NESTING, ROOT, Role, each_role, roles

_CALLS = ("ansible.builtin.include_role", "ansible.builtin.import_role")


def _files() -> list[Path]:
    scenarios = sorted((ROOT / "molecule").rglob("*.yml"))
    return [
        *sorted((ROOT / "playbooks").glob("*.yml")),
        *scenarios,
        *(file for role in roles() for file in role.task_files),
    ]


def _each_task(tasks: Any) -> Iterator[dict[str, Any]]:
    """Tasks of a file, whether it holds plays or tasks, those in blocks too."""
    for entry in tasks if isinstance(tasks, list) else []:
        yield entry
        for part in (*NESTING, "pre_tasks", "tasks", "post_tasks"):
            yield from _each_task(entry.get(part))


def _called() -> set[tuple[str, str]]:
    """Role and entry point of each call. A role that a loop names is each one that the file lists."""
    called: set[tuple[str, str]] = set()
    for file in _files():
        text = file.read_text()
        for task in _each_task(yaml.safe_load(text)):
            call = next((task[module] for module in _CALLS if module in task), None)
            if call is None:
                continue
            looped = re.findall(r"\brole: (\w+)", text) if "{{" in call["name"] else [call["name"]]
            assert looped, f"{file}: {call['name']}"
            called |= {(name, call.get("tasks_from", "main").removesuffix(".yml")) for name in looped}
    return called


@pytest.mark.parametrize(("name", "entry"), sorted(_called()))
def test_what_is_called_is_specified(name: str, entry: str) -> None:
    role = next(role for role in roles() if role.name == name)
    assert role.has(f"tasks/{entry}.yml"), f"{name} has no {entry}"
    assert entry in role.specs, f"roles/{name}/meta/argument_specs.yml says nothing about {entry}"
    assert len(role.specs[entry]["short_description"]) > 10


@each_role
def test_what_is_specified_exists(role: Role) -> None:
    assert [entry for entry in role.specs if not role.has(f"tasks/{entry}.yml")] == []
