"""How the parameters of a script action become the arguments of its command line."""

from __future__ import annotations

import json
from typing import Any

from st2lite.executions.protocol import Run


def script_arguments(run: Run, kwarg_op: str) -> list[str]:
    """Return the arguments of the script of `run`, not quoted: named ones first, then those with a `position`.

    A named parameter is `<kwarg_op><name>=<value>`, a true one the bare flag; false, null and empty text are left out.
    Quote the list with `shlex.join` before it goes anywhere near a shell.
    """
    positions = positional_names(run)
    named = [
        _named(kwarg_op + name, value)
        for name, value in run.action_parameters.items()
        if name not in positions and not _left_out(value)
    ]
    return named + [positional_text(run.action_parameters.get(name)) for name in positions]


def positional_names(run: Run) -> list[str]:
    """Return the names of the action's parameters that have a `position`, in its order."""
    positions = {
        name: schema["position"]
        for name, schema in run.action.parameters.items()
        if "position" in schema and name not in run.runner.runner_parameters
    }
    return sorted(positions, key=positions.__getitem__)


def positional_text(value: Any) -> str:
    """Write one positional value: 1 or 0 for a boolean, commas between items, JSON for an object, "" for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (list, tuple)):
        return ",".join(map(str, value))
    if isinstance(value, dict):
        return json.dumps(value)
    return str(value)


def _named(flag: str, value: Any) -> str:
    # Lists and objects are written as Python writes them: scripts of existing packs parse exactly that.
    return flag if value is True else f"{flag}={value}"


def _left_out(value: Any) -> bool:
    return value is None or value is False or value == ""
