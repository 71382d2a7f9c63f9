"""What reviews would have to look for in every task: secrets, shells, and conditions that `-e x=false` would fool."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.roles.role import ROOT, Role, Task, each_role, roles

_SHELL = ("ansible.builtin.shell", "shell")
_COMMAND = (*_SHELL, "ansible.builtin.command", "command")
_INCLUDES = (
    "ansible.builtin.include_role", "ansible.builtin.include_tasks", "ansible.builtin.import_role",
    "ansible.builtin.import_tasks",
)  # fmt: skip
_KEYWORDS = {
    "any_errors_fatal", "async", "become", "become_method", "become_user", "changed_when", "check_mode", "delay",
    "delegate_facts", "delegate_to", "diff", "environment", "failed_when", "ignore_errors", "listen", "loop",
    "loop_control", "module_defaults", "name", "no_log", "notify", "poll", "register", "retries", "run_once", "tags",
    "throttle", "timeout", "until", "vars", "when",
}  # fmt: skip


@each_role
def test_no_shell_is_given_a_template(role: Role) -> None:
    for task in role.tasks:
        for module in _SHELL:
            if module in task.keywords:
                arguments = task.keywords[module]
                text = arguments if isinstance(arguments, str) else str(arguments.get("cmd", ""))
                assert "{{" not in text, f"{task.name}: a value may hold what the shell takes for a command"


@each_role
def test_tasks_with_secrets_keep_them_out_of_the_log(role: Role) -> None:
    for task in role.tasks:
        module = _module(task)
        if module in _INCLUDES:
            continue
        used = {key: task.keywords.get(key) for key in (module, "vars", "loop", "environment")}
        if "secret_values" in str(used) and _shows(module, used[module]):
            assert task.keyword("no_log") is True, f"{task.name}: no_log is missing"


@each_role
def test_no_secret_is_an_argument_of_a_process(role: Role) -> None:
    for task in role.tasks:
        for module in _COMMAND:
            arguments = task.keywords.get(module)
            if isinstance(arguments, dict):
                arguments = {key: value for key, value in arguments.items() if key != "stdin"}
            assert "secret_values" not in str(arguments), f"{task.name}: everybody can read the list of processes"


@each_role
def test_switches_are_taken_for_what_they_say(role: Role) -> None:
    """A value from the command line is text, and the text "false" is true unless it goes through the filter bool."""
    switches = [name for name, value in role.defaults.items() if isinstance(value, bool)]
    for task in role.tasks:
        conditions = task.keywords.get("when", [])
        for condition in conditions if isinstance(conditions, list) else [conditions]:
            for name in switches:
                bare = re.search(rf"\b{name}\b(?!\s*\|\s*bool)", str(condition))
                assert not bare, f"{task.name}: {name} without | bool"


@each_role
def test_commands_say_whether_they_change_something(role: Role) -> None:
    for task in role.tasks:
        if any(module in task.keywords for module in _COMMAND):
            said = task.keyword("changed_when") is not None
            arguments = task.keywords[_module(task)]
            said = said or (isinstance(arguments, dict) and ("creates" in arguments or "removes" in arguments))
            assert said, f"{task.name}: neither changed_when nor creates"


@each_role
def test_verification_reports_no_change(role: Role) -> None:
    for task in role.tasks:
        if task.file.name.startswith("verify") and any(module in task.keywords for module in _COMMAND):
            assert task.keyword("changed_when") is False, task.name


@each_role
def test_files_that_are_copied_are_looked_for_before_anything_is_changed(role: Role) -> None:
    asked = "".join(path.read_text() for path in role.task_files if path.name.startswith("preflight"))
    for task in role.tasks:
        source = (task.keywords.get("ansible.builtin.copy") or {}).get("src", "")
        for name in re.findall(rf"\b{role.name}_\w*_file\b", source):
            assert f"{name} is file" in asked, f"{task.name}: preflight does not look for the file of {name}"


@pytest.mark.parametrize("release", sorted({"installed", os.environ.get("ST2LITE_ANSIBLE", "installed")}))
def test_ansible_can_read_every_task_file(tmp_path: Path, release: str) -> None:
    """One play that imports them all: `include_tasks` alone would be looked at only when it is reached."""
    imports = [
        {
            "name": f"{role.name} {file.name}",
            "ansible.builtin.import_role": {
                "name": role.name,
                "tasks_from": str(file.relative_to(role.path / "tasks")),
            },
        }
        for role in roles()
        for file in role.task_files
    ]
    playbook = tmp_path / "all.yml"
    playbook.write_text(yaml.safe_dump([{"name": "All", "hosts": "localhost", "tasks": imports}]))
    program = Path(sys.executable).with_name("ansible-playbook") if release == "installed" else Path(release)
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_HOME": str(tmp_path)}
    done = subprocess.run(
        [program, "--syntax-check", "-i", "localhost,", playbook],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "DEPRECATION WARNING" not in done.stderr, done.stderr


def _module(task: Task) -> str:
    modules = [key for key in task.keywords if key not in _KEYWORDS]
    assert len(modules) == 1, f"{task.name}: which of {modules} is the module? (or a keyword that this test must learn)"
    return modules[0]


def _shows(module: str, arguments: Any) -> bool:
    """Whether the module would print what it is given; a condition of an assertion is printed, not its value."""
    return not (module == "ansible.builtin.assert" and "secret_values" not in str(arguments.get("fail_msg", "")))
