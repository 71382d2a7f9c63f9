"""Runner `noop`: does nothing and succeeds."""

from __future__ import annotations

from st2lite.executions.protocol import Outcome, Run, Runner, RunnerSettings
from st2lite.models import statuses


def create(settings: RunnerSettings) -> Runner:  # noqa: ARG001 - the same for all runners
    """The runner; it needs no settings."""
    return NoopRunner()


class NoopRunner:
    """Succeeds at once."""

    def run(self, run: Run) -> Outcome:  # noqa: ARG002 - there is nothing to look at
        return Outcome(statuses.SUCCEEDED, {"failed": False, "succeeded": True, "return_code": 0})

    def close(self) -> None:
        """Nothing is kept between runs."""
