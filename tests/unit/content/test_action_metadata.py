"""Metadata of actions."""

from pathlib import Path

import pytest

from st2lite.content.actions import action_files, make_action, read_action
from st2lite.content.runner_types import read_runner_types
from st2lite.models.errors import ContentError

WEATHER = Path(__file__).parents[2] / "fixtures" / "packs" / "weather"
RUNNERS = {runner.name: runner for runner in read_runner_types()}
MINIMUM = {"name": "a", "runner_type": "local-shell-cmd"}


def make(**content):
    return make_action({**MINIMUM, **content}, "p", RUNNERS)


def test_files_that_are_actions():
    assert [path.name for path in action_files(WEATHER)] == ["forecast.yaml", "report.json"]
    assert action_files(WEATHER / "none") == []


def test_all_fields():
    action = read_action(WEATHER / "actions" / "forecast.yaml", "weather", RUNNERS)
    assert (action.ref, action.uid) == ("weather.forecast", "action:weather:forecast")
    assert (action.runner_type, action.entry_point) == ("local-shell-script", "forecast.sh")
    assert (action.enabled, action.metadata_file) == (True, "actions/forecast.yaml")
    assert action.parameters["hours"] == {
        "type": "array", "position": 1, "items": {"type": "integer"}, "default": [6, 12, 18],
    }  # fmt: skip
    assert action.tags == [{"name": "kind", "value": "forecast"}]
    assert action.notify == {"on-failure": {"message": "No weather today.", "routes": ["ops"]}}


def test_what_may_be_left_out():
    action = make(description=None, parameters=None, entry_point=None, tags=None, notify=None, pack="p")
    assert (action.enabled, action.description, action.parameters) == (True, "", {})


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"name": None}, "name has to be given"),
        ({"runner_type": ""}, "runner_type has to be given"),
        ({"runner_type": "nope"}, 'runner_type "nope" is not registered; there are action-chain, announcement'),
        ({"name": 5}, "name has to be text"),
        ({"name": "a/b"}, "must not contain slashes"),
        ({"pack": "q"}, 'pack is "q", but the action lies in pack "p"'),
        ({"params": {}}, 'unknown attribute "params"; an action has description, enabled'),
        ({"enabled": "yes"}, "enabled has to be true or false"),
        ({"parameters": []}, None),
        ({"parameters": [1]}, "parameters has to be a map"),
        ({"parameters": {"a-b": {}}}, 'parameter "a-b": a name has only letters'),
        ({"parameters": {"a": None}}, 'parameter "a": has to be a map'),
        ({"parameters": {"a": {"type": "strin"}}}, 'parameter "a": type has to be one of'),
        ({"parameters": {"a": {"position": 1}}}, r"positions of parameters have to be 0, 1, 2 .* they are \[1\]"),
        ({"parameters": {"a": {"position": 0}, "b": {"position": 0}}}, r"they are \[0, 0\]"),
        ({"parameters": {"cmd": {"type": "integer"}}}, 'attribute "type" for the runner parameter "cmd"'),
        ({"parameters": {"sudo_password": {"secret": False}}}, 'attribute "secret" for the runner parameter'),
        ({"tags": ["x"]}, "tags has to be a list of maps"),
        ({"notify": {"on-monday": {}}}, 'unknown event "on-monday"'),
        ({"notify": {"on-success": {"mesage": ""}}}, "on-success: has to be a map with message"),
        ({"output_schema": {"type": "objct"}}, "output_schema: type has to be one of"),
        ({"output_schema": 5}, "output_schema has to be a map"),
    ],
)
def test_what_is_wrong_is_named(content, text):
    if text is None:
        assert make(**content).parameters == {}
        return
    with pytest.raises(ContentError, match=text):
        make(**content)


def test_what_of_a_runners_parameter_may_be_set_differently():
    parameters = {
        "cmd": {"type": "string", "default": "date", "description": "d", "required": True, "immutable": True},
        "timeout": {"enum": [1, 2], "default": 1},
    }
    assert make(parameters=parameters).parameters == parameters


def test_faults_of_a_file_name_it(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("name: x\nrunner_type: nope\n")
    with pytest.raises(ContentError) as caught:
        read_action(path, "p", RUNNERS)
    assert caught.value.message.startswith(f'{path}: runner_type "nope" is not registered')
