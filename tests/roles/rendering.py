"""What the template tasks of a role would write on a host of some kind, made by Ansible's own templar."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar

from tests.roles import hosts
from tests.roles.role import ROOT, Role, Task

try:  # since ansible-core 2.19 only text that is trusted is a template
    from ansible.template import trust_as_template
except ImportError:

    def trust_as_template(value: str) -> str:
        return value


SECRETS = {
    name: f'se\'cret {{of}} "{name}" #1' for name in ("mongodb", "mongodb-admin", "rabbitmq", "postgresql", "admin")
}
"""Passwords with all that a format may stumble over; a test finds them where they should not be."""

_AS_IF_RUN = {
    # What tasks find out or decide on the host, for templates that come after them.
    "postgresql": {"_postgresql_brought": True},
    "rabbitmq": {"__rabbitmq_login": {"password_hash": "AAECAw=="}},
    "st2": {
        "_st2_bare": False,
        "_st2_wanted": "1.0.0-py3.11-0123456789ab",
        "__st2_python": {"stdout": "3 11"},
        "__st2_cli_accounts": {"results": []},
        "st2_release": "/srv/release",
    },
}

init_plugin_loader()


@dataclass(frozen=True)
class Rendered:
    """One file as a task would write it."""

    task: Task
    path: str
    mode: str
    text: str


class Host:
    """One role on a host of one kind, with its defaults; `variables` come on top."""

    def __init__(self, role: Role, kind: str, variables: dict[str, Any] | None = None) -> None:
        self.role = role
        self._loader = DataLoader()
        self._loader.set_basedir(str(role.path))
        self.variables: dict[str, Any] = {
            "ansible_facts": hosts.facts(kind),
            "ansible_managed": "Ansible managed",
            "ansible_check_mode": False,
            "inventory_hostname": "automation",
            "playbook_dir": str(ROOT / "playbooks"),
            "role_path": str(role.path),
            "role_name": role.name,
            "secret_values": SECRETS,
        }
        distribution, _, release = kind.partition("-")
        families = {"debian.yml", "redhat.yml"}
        chosen = {f"{hosts.facts(kind)['os_family'].lower()}.yml", f"{distribution}-{release.split('.')[0]}.yml"}
        self.variables.update(_trusted(role.defaults))
        for file in sorted((role.path / "vars").glob("*.yml")):
            if file.name in chosen or (file.name not in families and not file.stem[-1].isdigit()):
                self.variables.update(_trusted(role.load(f"vars/{file.name}")))
        self.variables.update(_AS_IF_RUN.get(role.name, {}))
        self.variables.update(_trusted(variables or {}))

    def value(self, expression: Any, **variables: Any) -> Any:
        """What an expression, or a structure of them, comes to. Raises for a name that is not defined."""
        templar = Templar(loader=self._loader, variables={**self.variables, **variables})
        return templar.template(_trusted(expression))

    def files(self) -> Iterator[Rendered]:
        """Everything that the role writes from templates on this host."""
        for task in self.role.tasks:
            if "st2_files" in task.keywords:
                for file in self.value(task.keywords["st2_files"]["files"]):
                    content = b64decode(file["content"]).decode() if file.get("encoded") else file["content"]
                    yield Rendered(task, file["path"], file.get("mode", "0644"), content)
            arguments = task.keywords.get("ansible.builtin.template")
            if arguments is None:
                continue
            for item in self._items(task):
                variables = {**item, **{key: _trusted(value) for key, value in task.variables.items()}}
                if self._applies(task, variables):
                    yield self._render(task, arguments, variables)

    def _items(self, task: Task) -> Iterator[dict[str, Any]]:
        if "loop" not in task.keywords:
            yield {}
            return
        name = task.keywords.get("loop_control", {}).get("loop_var", "item")
        for item in self.value(task.keywords["loop"], **task.variables):
            yield {name: item}

    def _applies(self, task: Task, variables: dict[str, Any]) -> bool:
        """Whether the conditions hold. One that asks for what an earlier task registered is taken to hold."""
        conditions = task.keywords.get("when", [])
        for condition in conditions if isinstance(conditions, list) else [conditions]:
            if "__" in str(condition) or "packages_brought" in str(condition):
                continue
            if not self.value("{{ true if (" + str(condition) + ") else false }}", **variables):
                return False
        return True

    def _render(self, task: Task, arguments: dict[str, Any], variables: dict[str, Any]) -> Rendered:
        source = self.role.path / "templates" / str(self.value(arguments["src"], **variables))
        # The module keeps the last newline of a template, unlike a templar's default.
        lookup = "{{ lookup('ansible.builtin.template', source) }}"
        return Rendered(
            task,
            str(self.value(arguments["dest"], **variables)),
            str(arguments.get("mode", "")),
            str(self.value(lookup, source=str(source), **variables)),
        )


@cache
def files_on(role: Role, kind: str) -> list[Rendered]:
    """What the role writes on a host of that kind with its defaults."""
    return list(Host(role, kind).files())


def _trusted(value: Any) -> Any:
    if isinstance(value, str):
        return trust_as_template(value)
    if isinstance(value, dict):
        return {key: _trusted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_trusted(item) for item in value]
    return value
