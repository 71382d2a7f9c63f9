"""Runner `inquirer`: puts a question on record and leaves the execution pending until somebody answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from st2lite.executions.protocol import Outcome, Run, Runner, RunnerSettings
from st2lite.models import statuses
from st2lite.models.errors import InvalidInput
from st2lite.models.execution import Execution
from st2lite.models.inquiry import DEFAULT_TTL
from st2lite.models.schema_rules import schema_problems

_LONGEST_TTL = 100 * 366 * 24 * 60
"""Minutes in a century."""
_DEFAULTS: dict[str, Any] = {"schema": {}, "roles": [], "users": [], "route": ""}


def create(settings: RunnerSettings) -> Runner:  # noqa: ARG001 - the same for all runners
    """The runner; it needs no settings."""
    return InquirerRunner()


class InquirerRunner:
    """Describes the question in the result; the answer joins it there later as `response`.

    `asked` is called with the execution once it waits for its answer.
    """

    def __init__(self, asked: Callable[[Execution], None] | None = None) -> None:
        self._asked = asked

    def run(self, run: Run) -> Outcome:
        given = run.runner_parameters
        ttl = given.get("ttl")
        question = {name: given.get(name) or default for name, default in _DEFAULTS.items()}
        question["ttl"] = DEFAULT_TTL if ttl is None else ttl
        # Nobody could answer a faulty question, and it would stay pending until its time is over.
        problems = list(_problems(question))
        if problems:
            raise InvalidInput(". ".join(problems) + ".")
        return Outcome(statuses.PENDING, question, then=self._asked)

    def close(self) -> None:
        """Nothing is kept between runs."""


def _problems(question: dict[str, Any]) -> Iterator[str]:
    yield from (f"Parameter {problem}" for problem in schema_problems(question["schema"], "schema"))
    if not 0 <= question["ttl"] <= _LONGEST_TTL:
        yield f'Parameter "ttl" is {question["ttl"]}: give minutes from 1 to {_LONGEST_TTL}, or 0 to wait forever'
    for name in ("users", "roles"):
        if not all(isinstance(item, str) for item in question[name]):
            yield f'Parameter "{name}" has to be a list of names'
