"""What a test of a runner hands to it: a run with the parameters of interest, and the host's settings."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from st2lite.executions.protocol import Cancellation, Run, RunnerSettings
from st2lite.models.action import Action, RunnerType


class Output:
    """An output sink that keeps what it was given, in order."""

    def __init__(self) -> None:
        self.pieces: list[tuple[str, str]] = []

    def write(self, output_type: str, text: str) -> None:
        self.pieces.append((output_type, text))

    def text(self, output_type: str) -> str:
        return "".join(text for kind, text in self.pieces if kind == output_type)


def make_run(
    runner: str,
    runner_parameters: Mapping[str, Any],
    action_parameters: Mapping[str, Any] | None = None,
    *,
    schemas: Mapping[str, dict[str, Any]] | None = None,
    entry_point: Path | None = None,
    pack_dir: Path | None = None,
    execution_id: str = "65f0aa0000000000000000e1",
    liveaction_id: str = "65f0aa0000000000000000a1",
) -> Run:
    """A run of the action `examples.probe`; `schemas` are the schemas of its parameters."""
    return Run(
        execution_id=execution_id,
        liveaction_id=liveaction_id,
        action=Action(
            id="65f0aa0000000000000000c1", name="probe", pack="examples", runner_type=runner,
            parameters=dict(schemas or {}), entry_point=entry_point.name if entry_point else "",
        ),
        runner=RunnerType(id="65f0aa0000000000000000b1", name=runner, runner_module=runner),
        runner_parameters=dict(runner_parameters),
        action_parameters=dict(action_parameters or {}),
        user="st2admin",
        context={"user": "st2admin", "pack": "examples"},
        pack_dir=pack_dir,
        entry_point=str(entry_point or ""),
        api_url="http://127.0.0.1:9101/v1",
        issue_token=lambda: "token-of-the-run",
        load_config=dict,
        announce=lambda route, payload: None,
        output=Output(),
        cancellation=Cancellation(),
    )  # fmt: skip


def make_settings(directory: Path, **changes: Any) -> RunnerSettings:
    """Settings of a host that lives under `directory`."""
    return RunnerSettings(
        **{
            "system_user": "stanley",
            "service_user": "stanley",
            "service_python": Path(sys.executable),
            "virtualenvs_dir": directory / "virtualenvs",
            "packlib_dir": directory / "packlib",
            "data_dir": directory,
            **changes,
        }
    )
