"""Holding the result of an action against its output schema, where `[system] validate_output_schema` asks for it."""

from __future__ import annotations

from typing import Any

from st2lite.executions.protocol import Outcome
from st2lite.models import statuses
from st2lite.models.action import Action, RunnerType
from st2lite.models.errors import InvalidInput
from st2lite.rendering.parameters import check_against_schema

MESSAGE = "Error validating output. See error output."
"""Stands in such a result beside the error."""

_SCHEMA_WORDS = frozenset({"type", "properties", "$ref", "allOf", "anyOf", "oneOf", "enum"})


def checked(outcome: Outcome, action: Action, runner: RunnerType) -> Outcome:
    """Return the outcome as it is, or a failed one that says where the output breaks the action's schema.

    The schema describes `result[output_key]` of the runner, the whole result where it has none.
    """
    if outcome.status != statuses.SUCCEEDED:
        return outcome
    output: Any = outcome.result
    if runner.output_key:
        output = output.get(runner.output_key) if isinstance(output, dict) else None
    problem = violation(output, action)
    return Outcome(statuses.FAILED, {"error": problem, "message": MESSAGE}) if problem else outcome


def violation(output: Any, action: Action) -> str | None:
    """Say where an output breaks the schema of its action; None where it does not.

    In its old form the schema maps the names of properties to their schemas.
    """
    schema = action.output_schema
    if not schema:
        return None
    if not _SCHEMA_WORDS & schema.keys():
        schema = {"type": "object", "properties": schema, "additionalProperties": False}
    try:
        check_against_schema(output, schema, "output")
    except InvalidInput as error:
        return error.message
    return None
