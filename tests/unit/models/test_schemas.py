"""Validation of values; wherever the quick way answers, it answers as the schema library does."""

import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from st2lite.models.errors import InvalidInput
from st2lite.models.schemas import document_problems, has_secret, map_problems, value_problems

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-5, 5) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
schemas = st.fixed_dictionaries(
    {"required": st.just(True)},
    optional={
        "type": st.sampled_from(["array", "boolean", "integer", "null", "number", "object", "string"]),
        "enum": st.lists(json_values, min_size=1, max_size=3),
        "minLength": st.integers(0, 3),
        "maxLength": st.integers(0, 3),
        "minimum": st.integers(-3, 3),
        "maximum": st.integers(-3, 3),
        "pattern": st.sampled_from(["^a", "b$", "."]),
        "items": st.sampled_from([{"type": "string"}, {"type": "integer", "minimum": 0}]),
        "maxItems": st.integers(0, 2),
    },
)


@given(json_values, schemas)
@example([True], {"required": True, "enum": [[1]]})
@example({"a": 0}, {"required": True, "enum": [{"a": False}]})
def test_a_value_fits_exactly_when_the_schema_library_says_so(value, schema):
    plain = {keyword: wanted for keyword, wanted in schema.items() if keyword != "required"}
    assert (value_problems("p", value, schema) == []) is Draft4Validator(plain).is_valid(value)


@pytest.mark.parametrize(
    ("value", "schema", "text"),
    [
        (5, {"type": "string"}, "Parameter \"p\": 5 is not of type 'string'; give a string"),
        (True, {"type": "integer"}, "Parameter \"p\": True is not of type 'integer'; give an integer"),
        (1.0, {"type": "integer"}, "Parameter \"p\": 1.0 is not of type 'integer'; give an integer"),
        ("x", {"enum": ["a", "b"]}, "Parameter \"p\": 'x' is not one of ['a', 'b']"),
        ("abc", {"maxLength": 2}, "Parameter \"p\": 'abc' is too long"),
        ({"a": [1]}, {"properties": {"a": {"items": {"type": "string"}}}}, 'Parameter "p".a[0]: 1 is not of type'),
        ({}, {"properties": {"a": {"required": True}}}, "Parameter \"p\": 'a' is a required property"),
        ({}, {"type": "object", "required": ["b"]}, "Parameter \"p\": 'b' is a required property"),
        ("x" * 999, {"type": "integer"}, 'Parameter "p": \'xxx'),
    ],
)
def test_texts(value, schema, text):
    (problem,) = value_problems("p", value, schema)
    assert problem.startswith(text)
    assert len(problem) < 400


@pytest.mark.parametrize(
    ("schema", "accepted"),
    [
        ({"type": "string"}, True),
        ({"type": "string", "required": False}, True),
        ({"type": "string", "required": True}, False),
        ({"type": "string", "required": True, "default": None}, True),
        ({"type": "string", "required": True, "default": "x"}, False),
        ({"type": "string", "enum": ["a"]}, True),
    ],
)
def test_null_is_accepted_where_a_value_is_optional(schema, accepted):
    assert (value_problems("p", None, schema) == []) is accepted
    nested = {"type": "object", "properties": {"a": {**schema, "pattern": "."}}}
    has_default = schema.get("default") is not None
    assert (value_problems("p", {"a": None}, nested) == []) is (accepted or has_default)


def test_secrets_are_never_repeated():
    for value, schema in (
        ("hunter2", {"type": "integer", "secret": True}),
        ("hunter2", {"enum": ["a"], "secret": True}),
        ("hunter2", {"maxLength": 2, "secret": True}),
        ({"a": "hunter2"}, {"type": "object", "properties": {"a": {"type": "integer", "secret": True}}}),
    ):
        problems = value_problems("p", value, schema)
        assert problems
        assert "hunter2" not in str(problems)


def test_missing_names_are_listed_with_what_they_are_for():
    schemas = {
        "cmd": {"type": "string", "required": True, "description": "What to run."},
        "n": {"type": "integer", "required": True, "default": 3},
        "x": {"type": "integer"},
    }
    (problem,) = map_problems({}, schemas)
    assert problem.startswith("'cmd' is a required property")
    assert problem.endswith("(string: What to run.)")


@pytest.mark.parametrize("ref", ["http://127.0.0.1:9/schema.json", "file:///etc/passwd", "#/definitions/none"])
def test_references_are_never_fetched(ref):
    with pytest.raises(InvalidInput, match="never fetched"):
        value_problems("p", {}, {"$ref": ref})


def test_references_within_the_schema_work():
    schema = {"definitions": {"n": {"type": "integer"}}, "properties": {"a": {"$ref": "#/definitions/n"}}}
    assert value_problems("p", {"a": 1}, schema) == []
    assert value_problems("p", {"a": "x"}, schema) == ["Parameter \"p\".a: 'x' is not of type 'integer'"]


def test_a_faulty_schema_is_an_error_of_its_author():
    with pytest.raises(InvalidInput, match="type has to be one of"):
        document_problems({}, {"type": "strin"}, "response")


def test_documents():
    schema = {"type": "object", "properties": {"continue": {"type": "boolean", "required": True}}}
    assert document_problems({"continue": True}, schema, "response") == []
    assert document_problems({}, schema, "response") == ["response: 'continue' is a required property"]
    assert document_problems({"continue": 1}, schema, "response") == ["response.continue: 1 is not of type 'boolean'"]


def test_what_is_secret_does_not_hide_what_is_wrong():
    schema = {"properties": {"pin": {"type": "integer", "required": True}, "pw": {"type": "string", "secret": True}}}
    assert document_problems({}, schema, "response") == ["response: 'pin' is a required property"]
    assert document_problems({"pin": "x"}, schema, "response") == ["response.pin: the value is not of type 'integer'"]


def test_has_secret():
    assert has_secret({"properties": {"a": {"items": {"secret": True}}}})
    assert not has_secret({"properties": {"secret": {"type": "string"}}, "secret": False})


def test_plain_schemas_do_not_need_the_schema_library():
    code = (
        "import sys; from st2lite.models.schemas import value_problems as v;"
        "v('p', 'x', {'type': 'string', 'enum': ['x'], 'minLength': 1}); v('p', 1, {'type': 'string'});"
        "v('p', ['a'], {'type': 'array', 'items': {'type': 'string'}});"
        "sys.exit('jsonschema' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
