"""Metadata of the runner types that come with the product."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from st2lite.content.yaml_files import load_file
from st2lite.models.action import RunnerType

DIRECTORY = Path(__file__).parent / "runner_types"


def runner_type_files() -> list[Path]:
    """Files with runner types, in a stable order."""
    return sorted(DIRECTORY.glob("*.yaml"))


def read_runner_types() -> list[RunnerType]:
    """All runner types."""
    return [_runner_type(entry) for path in runner_type_files() for entry in load_file(path)]


def _runner_type(entry: dict[str, Any]) -> RunnerType:
    return RunnerType(
        name=entry["name"],
        description=entry["description"],
        runner_package=entry["runner_package"],
        runner_module=entry["runner_module"],
        runner_parameters=entry["runner_parameters"],
        output_key=entry.get("output_key", ""),
        output_schema=entry.get("output_schema", {}),
    )
