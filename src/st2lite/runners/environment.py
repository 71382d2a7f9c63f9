"""Environment variables that every action gets, whatever it runs on."""

from __future__ import annotations

from typing import Any

from st2lite.executions.protocol import Run
from st2lite.models.errors import InvalidInput


def action_variables(run: Run) -> dict[str, str]:
    """Return the ST2_ACTION_* variables of one run; the token in them is valid while the execution is unfinished."""
    return {
        "ST2_ACTION_PACK_NAME": run.action.pack,
        "ST2_ACTION_EXECUTION_ID": run.execution_id,
        "ST2_ACTION_API_URL": run.api_url,
        "ST2_ACTION_DEBUG": str(bool(run.runner_parameters.get("debug"))),
        "ST2_ACTION_AUTH_TOKEN": run.issue_token(),
    }


def user_variables(run: Run) -> dict[str, str]:
    """Return the runner parameter `env` as text; null is an empty value.

    Raises `InvalidInput` for a name or a value that no environment can hold.
    """
    given: dict[str, Any] = run.runner_parameters.get("env") or {}
    variables = {name: "" if value is None else str(value) for name, value in given.items()}
    for name, value in variables.items():
        if not name or "=" in name or "\0" in name:
            raise InvalidInput(f'Parameter "env": {name!r} cannot be the name of an environment variable.')
        if "\0" in value:
            raise InvalidInput(f'Parameter "env": the value of "{name}" holds a NUL character; remove it.')
    return variables
