"""Each phase of a role can be run alone, by its tag, on a host that was installed before: `ansible-playbook --tags`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml

from tests.roles.role import ROOT, Role, Task, roles

_INCLUDES = ("ansible.builtin.include_tasks", "ansible.builtin.import_tasks")
_OF_OTHERS = {"secret": {"secret_values", "secret_changed"}, "packages": {"packages_brought", "packages_present"}}
"""What an included role makes known."""
_PHASED = [role for role in roles() if role.has("tasks/service.yml")]


@cache
def _all_tasks(role: Role) -> list[Task]:
    return list(role.tasks)


def _main(role: Role) -> list[dict[str, Any]]:
    return list(role.load("tasks/main.yml"))


def _tags(keywords: dict[str, Any]) -> set[str]:
    tags = keywords.get("tags", [])
    return set(tags if isinstance(tags, list) else [tags])


def _included(keywords: dict[str, Any]) -> str:
    given = next((keywords[module] for module in _INCLUDES if module in keywords), "")
    name: str = given["file"] if isinstance(given, dict) else given
    return name.removeprefix("{{ role_path }}/tasks/")


def _each_phase() -> Iterator[tuple[Role, str]]:
    for role in _PHASED:
        for tag in sorted({tag for keywords in _main(role) for tag in _tags(keywords)} - {"always"}):
            yield role, tag


def _reached(role: Role, wanted: set[str]) -> list[Task]:
    """The tasks that run if only these tags are asked for, with those of the files that they include."""
    waiting = [_included(keywords) for keywords in _main(role) if _tags(keywords) & wanted]
    tasks: list[Task] = []
    files: set[str] = set()
    while waiting:
        name = waiting.pop()
        if not name or name in files:
            continue
        files.add(name)
        found = [task for task in _all_tasks(role) if task.file == role.path / "tasks" / name]
        tasks += found
        waiting += [_included(task.keywords) for task in found]
    return tasks


def _made(tasks: list[Task]) -> set[str]:
    """What these tasks find out: registered results and facts."""
    names: set[str] = set()
    for task in tasks:
        names |= {str(task.keywords.get("register", ""))} | set(task.keywords.get("ansible.builtin.set_fact", {}))
        included = task.keywords.get("ansible.builtin.include_role", {})
        names |= _OF_OTHERS.get(included.get("name", ""), set())
    return names - {""}


def _needed(role: Role, tasks: list[Task], known: set[str]) -> set[str]:
    """Which of the names that are known somewhere in the role these tasks look at, be it by way of its variables."""
    variables: dict[str, Any] = {}
    for file in sorted((role.path / "vars").glob("*.yml")):
        variables |= yaml.safe_load(file.read_text()) or {}
    texts = [str({**task.inherited, **task.keywords}) for task in tasks]
    read: set[str] = set()
    needed: set[str] = set()
    while texts:
        text = texts.pop()
        for found in re.finditer(r"(?<!['\"\w.])\w+\b(?!(?:[\w.\[\]']*) *\| *default\(| is (?:not )?defined)", text):
            name = found[0]
            if name in known:
                needed.add(name)
            elif name in variables and name not in read:
                read.add(name)
                texts.append(str(variables[name]))
    return needed


@pytest.mark.parametrize(("role", "tag"), list(_each_phase()), ids=lambda value: getattr(value, "name", value))
def test_a_phase_finds_out_what_it_needs(role: Role, tag: str) -> None:
    known = _made(_all_tasks(role))
    tasks = _reached(role, {tag, "always"})
    assert tasks, f"{role.name}: nothing has the tag {tag}"
    missing = _needed(role, tasks, known) - _made(tasks)
    assert missing == set(), f"{role.name}: --tags {tag} finds none of {missing}, which tasks with other tags find out"


@pytest.mark.parametrize("role", _PHASED, ids=lambda role: role.name)
def test_what_is_included_has_the_tag_of_its_phase(role: Role) -> None:
    """A tag of a dynamic include is not one of the tasks in it."""
    for keywords in _main(role):
        for module in ("ansible.builtin.include_tasks", "ansible.builtin.include_role"):
            if module in keywords:
                applied = _tags(keywords[module].get("apply", {}))
                assert applied == _tags(keywords), keywords["name"]


def test_the_playbook_reaches_each_role_with_any_tag() -> None:
    """What has a tag of its own in the role is chosen there: a tag of the include would leave the whole role out."""
    tasks = yaml.safe_load((ROOT / "playbooks" / "site.yml").read_text())[0]["tasks"]
    for role in _PHASED:
        whole = [
            task
            for task in tasks
            if task["ansible.builtin.include_role"]["name"] == role.name
            and "tasks_from" not in task["ansible.builtin.include_role"]
        ]
        assert len(whole) == 1
        assert _tags(whole[0]) == {role.name, "always"}
        assert _tags(whole[0]["ansible.builtin.include_role"]["apply"]) == {role.name}
    for task in tasks[:2]:
        assert "preflight" in task["ansible.builtin.include_role"].values()
        assert _tags(task) == _tags(task["ansible.builtin.include_role"]["apply"]) == {"always"}
