"""Masking."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st2lite.models.action import Action, RunnerType
from st2lite.rendering.secrets import MASK, has_secrets, mask_parameters, mask_result, restore_masked

SECRET = {"type": "string", "secret": True}


@pytest.mark.parametrize(
    ("values", "schemas", "masked"),
    [
        ({"a": 1, "p": "x"}, {"a": {"type": "integer"}, "p": SECRET}, {"a": 1, "p": MASK}),
        ({"p": None}, {"p": SECRET}, {"p": MASK}),
        ({"p": {"a": [1]}}, {"p": {"type": "object", "secret": True}}, {"p": MASK}),
        (
            {"o": {"p": "x", "q": "y"}},
            {"o": {"type": "object", "properties": {"p": SECRET}}},
            {"o": {"p": MASK, "q": "y"}},
        ),
        ({"l": ["x", "y"]}, {"l": {"type": "array", "items": SECRET}}, {"l": [MASK, MASK]}),
        (
            {"l": [{"p": "x", "q": 1}]},
            {"l": {"items": {"properties": {"p": SECRET}}}},
            {"l": [{"p": MASK, "q": 1}]},
        ),
        ({"l": ["a", "b", "c"]}, {"l": {"items": [{}, SECRET]}}, {"l": ["a", MASK, "c"]}),
        ({"o": {"x_key": 1, "y": 2}}, {"o": {"patternProperties": {"_key$": SECRET}}}, {"o": {"x_key": MASK, "y": 2}}),
        (
            {"o": {"a": 1, "b": 2}},
            {"o": {"properties": {"a": {}}, "additionalProperties": SECRET}},
            {"o": {"a": 1, "b": MASK}},
        ),
        ({"o": "not an object"}, {"o": {"properties": {"p": SECRET}}}, {"o": "not an object"}),
        ({"unknown": 1}, {"p": SECRET}, {"unknown": 1}),
    ],
)
def test_parameters(values, schemas, masked):
    before = json.dumps(values)
    assert mask_parameters(values, schemas) == masked
    assert json.dumps(values) == before, "the argument is not changed"


def test_without_secrets_nothing_is_copied():
    values = {"a": 1}
    schemas = {"a": {"type": "integer"}, "secret": {"type": "string"}}
    assert mask_parameters(values, schemas) is values
    assert not has_secrets(schemas)
    assert has_secrets({"o": {"properties": {"p": SECRET}}})


def test_without_a_schema_everything_is_masked():
    assert mask_parameters({"a": 1, "b": {"c": 2}}, None) == {"a": MASK, "b": MASK}
    assert mask_parameters("text", None) == MASK
    assert mask_parameters(None, None) is None


def result_of(output_schema, result, runner="python-script", output_key="result"):
    action = Action(name="a", pack="p", runner_type=runner, output_schema=output_schema)
    return mask_result(result, action, RunnerType(name=runner, runner_module="m", output_key=output_key))


FULL = {"type": "object", "properties": {"token": SECRET, "type": {"type": "string"}}}


@pytest.mark.parametrize(
    ("output_schema", "result", "masked"),
    [
        (
            FULL,
            {"result": {"token": "x", "type": "t"}, "stdout": "x"},
            {"result": {"token": MASK, "type": "t"}, "stdout": "x"},
        ),
        (FULL["properties"], {"result": {"token": "x", "type": "t"}}, {"result": {"token": MASK, "type": "t"}}),
        ({"type": "string", "secret": True}, {"result": "x"}, {"result": MASK}),
        ({"type": "array", "items": SECRET}, {"result": ["x"]}, {"result": [MASK]}),
        (FULL, {"error": "x"}, {"error": "x"}),
        (FULL, "text", "text"),
        (FULL, None, None),
        ({}, {"result": {"token": "x"}}, {"result": {"token": "x"}}),
    ],
)
def test_results(output_schema, result, masked):
    assert result_of(output_schema, result) == masked


def test_answers_to_inquiries():
    schema = {"type": "object", "properties": {"pin": SECRET, "ok": {"type": "boolean"}}}
    result = {"schema": schema, "response": {"pin": "1234", "ok": True}}
    masked = result_of({}, result, "inquirer", "")
    assert masked == {"schema": schema, "response": {"pin": MASK, "ok": True}}
    assert result_of({}, {"schema": schema}, "inquirer", "") == {"schema": schema}


values = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=3), v),
    max_leaves=5,
)


@given(values, st.lists(st.sampled_from(["object", "array"]), max_size=4))
def test_a_secret_never_survives_at_any_depth(other, path):
    schema, value = dict(SECRET), "HIDE-ME"
    for step in path:
        if step == "object":
            schema, value = {"type": "object", "properties": {"k": schema}}, {"k": value, "other": other}
        else:
            schema, value = {"type": "array", "items": schema}, [value]
    masked = mask_parameters({"p": value, "free": other}, {"p": schema})
    assert "HIDE-ME" not in json.dumps(masked)
    assert masked["free"] == other
    assert MASK in json.dumps(masked)


@pytest.mark.parametrize(
    ("sent", "kept", "restored"),
    [
        ({"p": MASK, "a": 2}, {"p": "x", "a": 1}, {"p": "x", "a": 2}),
        ({"p": "new"}, {"p": "x"}, {"p": "new"}),
        ({"a": MASK}, {"p": "x", "a": 1}, {"a": MASK}),
        ({"p": MASK}, {}, {"p": MASK}),
        ({"o": {"q": [MASK, 5]}}, {"o": {"q": [{"k": "v"}, "y"]}}, {"o": {"q": [{"k": "v"}, 5]}}),
        ({"o": {"q": [MASK]}}, {"o": {"q": ["x", "y"]}}, {"o": {"q": [MASK]}}),
        ({"o": MASK}, {"o": {"q": ["x"]}}, {"o": MASK}),
    ],
)
def test_masks_that_come_back_stand_for_what_they_hide(sent, kept, restored):
    schemas = {"p": SECRET, "o": {"properties": {"q": {"items": SECRET}}}}
    assert restore_masked(sent, kept, mask_parameters(kept, schemas)) == restored
