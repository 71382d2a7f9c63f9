"""What a run cannot do without: a command, or a file of its pack."""

from __future__ import annotations

from st2lite.executions.protocol import Run
from st2lite.models.errors import InvalidInput


def command_of(run: Run) -> str:
    """Return the runner parameter `cmd`; raise `InvalidInput` when there is none."""
    command = run.runner_parameters.get("cmd")
    if not command:
        raise InvalidInput('Parameter "cmd" is missing: give the command line to run.')
    return str(command)


def check_entry_point(run: Run) -> None:
    """Raise `InvalidInput` when the metadata of the action names no file."""
    if not run.entry_point:
        raise InvalidInput(
            f'Action "{run.action.ref}" has no entry_point: name its file in the metadata, relative to the actions '
            "directory of the pack."
        )
