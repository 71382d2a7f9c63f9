import pytest

from st2lite.executions.output_schema import checked
from st2lite.executions.protocol import Outcome
from st2lite.models.action import Action, RunnerType

PYTHON = RunnerType(name="python-script", runner_module="python_runner", output_key="result")
SHELL = RunnerType(name="local-shell-cmd", runner_module="local_runner")


def outcome_of(result, schema, runner=PYTHON, status="succeeded"):
    action = Action(name="a", pack="p", runner_type=runner.name, output_schema=schema)
    return checked(Outcome(status, result), action, runner)


@pytest.mark.parametrize(
    ("result", "schema"),
    [
        ({"result": {"a": 1}}, {}),
        ({"result": {"a": 1}}, {"type": "object", "properties": {"a": {"type": "integer"}}}),
        ({"result": {"a": 1}}, {"a": {"type": "integer"}}),
        ({"result": "text"}, {"type": "string"}),
    ],
)
def test_output_that_fits_is_left_alone(result, schema):
    assert outcome_of(result, schema) == Outcome("succeeded", result)


@pytest.mark.parametrize(
    ("result", "schema"),
    [
        ({"result": {"a": "x"}}, {"type": "object", "properties": {"a": {"type": "integer"}}}),
        ({"result": {"a": "x"}}, {"a": {"type": "integer"}}),
        ({"result": {"b": 1}}, {"a": {"type": "integer"}}),
        ({"result": "text"}, {"type": "object"}),
        ({"other": 1}, {"type": "object"}),
        ("no mapping", {"type": "object"}),
    ],
)
def test_output_that_breaks_the_schema_fails_and_says_why(result, schema):
    outcome = outcome_of(result, schema)
    assert outcome.status == "failed"
    assert "output" in outcome.result["error"]


def test_a_runner_without_output_key_is_held_to_its_whole_result():
    schema = {"type": "object", "properties": {"return_code": {"type": "integer"}}}
    assert outcome_of({"return_code": 0}, schema, SHELL).status == "succeeded"
    assert outcome_of({"return_code": "0"}, schema, SHELL).status == "failed"


def test_what_failed_already_is_not_looked_at():
    assert outcome_of({"result": 1}, {"type": "string"}, status="timeout").status == "timeout"
