"""Metadata of sensors."""

from pathlib import Path

import pytest

from st2lite.content.sensors import make_sensor
from st2lite.models.errors import ContentError

MINIMUM = {"class_name": "S", "entry_point": "s.py"}
FILE = Path("/packs/p/sensors/s.yaml")


def make(**content):
    return make_sensor({**MINIMUM, **content}, "p", FILE)


def test_what_may_be_left_out():
    sensor, definitions = make(description=None, trigger_types=None, poll_interval=None)
    assert (sensor.ref, sensor.uid, sensor.enabled) == ("p.S", "sensor_type:p:S", True)
    assert (sensor.artifact_uri, sensor.poll_interval) == ("file:///packs/p/sensors/s.py", None)
    assert (sensor.trigger_types, definitions) == ([], [])


def test_what_the_declaration_of_a_trigger_type_says_beyond_its_attributes_is_ignored():
    entry = {"name": "t", "pack": "elsewhere", "payload_info": ["a"], "payload_schema": {"type": "object"}}
    sensor, (definition,) = make(trigger_types=[entry])
    assert sensor.trigger_types == ["p.t"]
    assert (definition.ref, definition.payload_schema) == ("p.t", {"type": "object"})


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"class_name": None}, "class_name has to be given"),
        ({"class_name": "a.S"}, 'class_name "a.S" has to be the name of a Python class'),
        ({"entry_point": ""}, "entry_point has to be given"),
        ({"entry_point": "/etc/passwd"}, 'entry_point "/etc/passwd" has to be a relative path'),
        ({"entry_point": "../lib/s.py"}, "has to be a relative path"),
        ({"poll_interval": 0}, "poll_interval has to be a number of seconds from 1"),
        ({"poll_interval": "5"}, "poll_interval has to be a number"),
        ({"poll_interval": True}, "poll_interval has to be a number"),
        ({"enabled": 1}, "enabled has to be true or false"),
        ({"trigger_types": ["p.t"]}, "trigger_types has to be a list of maps"),
        ({"trigger_types": [{}]}, r"trigger_types\[0\]: name has to be given"),
        (
            {"trigger_types": [{"name": "t", "parameters_schema": {"type": "x"}}]},
            r"trigger_types\[0\]: parameters_schema: type has to be one of",
        ),
        ({"poll": 5}, 'unknown attribute "poll"; a sensor has'),
        ({"pack": "q"}, "but the sensor lies in pack"),
    ],
)
def test_what_is_wrong_is_named(content, text):
    with pytest.raises(ContentError, match=text):
        make(**content)
