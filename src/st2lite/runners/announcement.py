"""Runner `announcement`: hands its action parameters to all clients that listen to the stream."""

from __future__ import annotations

from st2lite.executions.protocol import Outcome, Run, Runner, RunnerSettings
from st2lite.models import statuses

_DEFAULT_ROUTE = "general"


def create(settings: RunnerSettings) -> Runner:  # noqa: ARG001 - the same for all runners
    """The runner; it needs no settings."""
    return AnnouncementRunner()


class AnnouncementRunner:
    """Announces and succeeds, whether anybody listens or not."""

    def run(self, run: Run) -> Outcome:
        if run.runner_parameters.get("experimental") is not True:
            error = 'Parameter "experimental" has to be true: it confirms that you know this runner may change.'
            return Outcome(statuses.FAILED, {"error": error})
        payload = dict(run.action_parameters)
        run.announce(run.runner_parameters.get("route") or _DEFAULT_ROUTE, payload)
        return Outcome(statuses.SUCCEEDED, {"output": payload, **payload})

    def close(self) -> None:
        """Nothing is kept between runs."""
