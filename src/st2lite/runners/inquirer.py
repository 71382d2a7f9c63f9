"""Runner `inquirer`: puts a question on record and leaves the execution pending until somebody answers."""

from __future__ import annotations

from typing import Any

from st2lite.executions.protocol import Outcome, Run, Runner, RunnerSettings
from st2lite.models import statuses

_DEFAULT_TTL = 1440
_DEFAULTS: dict[str, Any] = {"schema": {}, "roles": [], "users": [], "route": ""}


def create(settings: RunnerSettings) -> Runner:  # noqa: ARG001 - the same for all runners
    """The runner; it needs no settings."""
    return InquirerRunner()


class InquirerRunner:
    """Describes the question in the result; the answer joins it there later as `response`."""

    def run(self, run: Run) -> Outcome:
        given = run.runner_parameters
        ttl = given.get("ttl")
        question = {name: given.get(name) or default for name, default in _DEFAULTS.items()}
        return Outcome(statuses.PENDING, {**question, "ttl": _DEFAULT_TTL if ttl is None else ttl})

    def close(self) -> None:
        """Nothing is kept between runs."""
