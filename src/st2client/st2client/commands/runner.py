"""``st2 runner``: how actions are run."""

from __future__ import annotations

from st2client.commands.base import Command
from st2client.commands.generic import Get, Kind, List, Toggle

RUNNER = Kind("RunnerType", "name_or_id")

COMMANDS: dict[str, Command] = {
    "list": List(RUNNER, ("id", "name", "description")),
    "get": Get(RUNNER, order=("id", "name", "description")),
    "enable": Toggle(RUNNER, True),
    "disable": Toggle(RUNNER, False),
}
