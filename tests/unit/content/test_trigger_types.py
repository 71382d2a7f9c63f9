"""Trigger types: those of the product, and those of packs."""

import logging

import pytest

from st2lite.content.internal_triggers import read_internal_triggers
from st2lite.content.trigger_types import make_trigger_type, read_trigger_type
from st2lite.models.errors import ContentError
from st2lite.models.schemas import document_problems

TYPES = {definition.ref: definition for definition in read_internal_triggers()}
PARAMETERS = {
    "core.st2.webhook": {"url"},
    "core.st2.IntervalTimer": {"unit", "delta", "timezone"},
    "core.st2.DateTimer": {"date", "timezone"},
    "core.st2.CronTimer": {
        *("year", "month", "day", "week", "day_of_week", "hour", "minute", "second", "timezone"),
    },
}


def test_all_types_of_the_product():
    assert set(TYPES) == {
        "core.st2.generic.actiontrigger", "core.st2.generic.notifytrigger", "core.st2.generic.inquiry",
        "core.st2.action.file_written", "core.st2.sensor.process_spawn", "core.st2.sensor.process_exit",
        "core.st2.key_value_pair.create", "core.st2.key_value_pair.update", "core.st2.key_value_pair.delete",
        "core.st2.key_value_pair.value_change", *PARAMETERS,
    }  # fmt: skip
    for definition in TYPES.values():
        assert definition.description and definition.payload_schema["properties"]
    with_parameters = {ref: set(t.parameters_schema["properties"]) for ref, t in TYPES.items() if t.parameters_schema}
    assert with_parameters == PARAMETERS


@pytest.mark.parametrize(
    ("ref", "parameters", "fits"),
    [
        ("IntervalTimer", {"unit": "seconds", "delta": 5}, True),
        ("IntervalTimer", {"unit": "hours", "delta": 5, "timezone": "Europe/Berlin"}, True),
        ("IntervalTimer", {"unit": "months", "delta": 5}, False),
        ("IntervalTimer", {"unit": "seconds"}, False),
        ("IntervalTimer", {"unit": "seconds", "delta": "5"}, False),
        ("IntervalTimer", {"unit": "seconds", "delta": 0}, False),
        ("DateTimer", {"date": "2030-01-01 10:00"}, True),
        ("DateTimer", {"timezone": "UTC"}, False),
        ("CronTimer", {}, True),
        ("CronTimer", {"day_of_week": "mon-fri", "hour": 3, "minute": "*/5", "second": 0, "timezone": "UTC"}, True),
        ("CronTimer", {"minute": 60}, False),
        ("CronTimer", {"minutes": 5}, False),
        ("webhook", {"url": "a/b"}, True),
        ("webhook", {}, False),
        ("webhook", {"url": ""}, False),
    ],
)
def test_parameters(ref, parameters, fits):
    problems = document_problems(parameters, TYPES[f"core.st2.{ref}"].parameters_schema, "parameters")
    assert (not problems) is fits, problems


def test_payloads_with_nulls_are_accepted():
    payload = {"execution_id": "1", "status": "failed", "result": None, "parameters": {}}
    assert document_problems(payload, TYPES["core.st2.generic.actiontrigger"].payload_schema, "payload") == []


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({}, "name has to be given"),
        ({"name": "t", "payload_schema": "x"}, "payload_schema has to be a map"),
        ({"name": "t", "payload_schema": {"type": "objct"}}, "payload_schema: type has to be one of"),
        ({"name": "t", "parameters_schema": {"properties": {"a": 1}}}, "parameters_schema, a: has to be a map"),
        ({"name": "t", "poll": 1}, 'unknown attribute "poll"; a trigger type has'),
        ({"name": "t", "pack": "q"}, "but the type lies in pack"),
    ],
)
def test_what_is_wrong_is_named(content, text):
    with pytest.raises(ContentError, match=text):
        make_trigger_type(content, "p")


def test_a_pack_with_a_faulty_payload_schema_still_registers(tmp_path, caplog):
    path = tmp_path / "triggers" / "t.yaml"
    path.parent.mkdir()
    path.write_text("name: t\npayload_schema: {type: datetime}\n")
    with caplog.at_level(logging.WARNING):
        definition = read_trigger_type(path, "p")
    assert (definition.ref, definition.payload_schema, definition.metadata_file) == ("p.t", {}, "triggers/t.yaml")
    assert "payloads are not checked, since their schema is faulty" in caplog.text
