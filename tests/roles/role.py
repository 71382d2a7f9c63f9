"""The roles as files: what the tests without a host look at. A role that has no file yet is no role."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
NESTING = ("block", "rescue", "always")


@dataclass(frozen=True)
class Task:
    """One task, with the keywords that it inherits from the blocks around it."""

    file: Path
    keywords: dict[str, Any]
    inherited: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.file.relative_to(ROOT)}: {self.keywords.get('name', '?')}"

    def keyword(self, key: str, default: Any = None) -> Any:
        return self.keywords.get(key, self.inherited.get(key, default))

    @property
    def variables(self) -> dict[str, Any]:
        """Variables of the task and of its blocks."""
        return {**self.inherited.get("vars", {}), **self.keywords.get("vars", {})}


@dataclass(frozen=True)
class Role:
    """One folder of `roles/`."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    def load(self, path: str) -> Any:
        """What a YAML file holds; nothing if the role has no such file."""
        file = self.path / path
        return (yaml.safe_load(file.read_text()) if file.exists() else None) or {}

    def has(self, path: str) -> bool:
        return (self.path / path).is_file()

    @cached_property
    def defaults(self) -> dict[str, Any]:
        return dict(self.load("defaults/main.yml"))

    @cached_property
    def specs(self) -> dict[str, dict[str, Any]]:
        """Entry points by name."""
        return dict(self.load("meta/argument_specs.yml").get("argument_specs", {}))

    @property
    def task_files(self) -> list[Path]:
        return sorted((self.path / "tasks").rglob("*.yml"))

    @property
    def tasks(self) -> Iterator[Task]:
        """All tasks and handlers, those in blocks too."""
        for file in [*self.task_files, *sorted((self.path / "handlers").glob("*.yml"))]:
            yield from _flat(file, yaml.safe_load(file.read_text()) or [], {})


def _flat(file: Path, tasks: list[dict[str, Any]], inherited: dict[str, Any]) -> Iterator[Task]:
    for keywords in tasks:
        if "block" not in keywords:
            yield Task(file, keywords, inherited)
            continue
        own = {key: value for key, value in keywords.items() if key not in (*NESTING, "name", "when")}
        variables = {**inherited.get("vars", {}), **own.get("vars", {})}
        for part in NESTING:
            yield from _flat(file, keywords.get(part, []), {**inherited, **own, "vars": variables})


def roles() -> list[Role]:
    """Every role that has a task, by name."""
    return [Role(file.parent.parent) for file in sorted((ROOT / "roles").glob("*/tasks/main.yml"))]


each_role = pytest.mark.parametrize("role", roles(), ids=lambda role: role.name)
