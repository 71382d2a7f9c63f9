"""What the schema of a parameter may say."""

import re

import pytest

from st2lite.models.schema_rules import parameter_problems

FINE = [
    {},
    {"type": "string", "description": "d", "default": None, "required": False, "secret": True, "immutable": False},
    {"type": "array", "items": {"type": "string"}, "minItems": 1, "uniqueItems": True, "position": 0},
    {"type": "object", "properties": {"a": {"type": ["string", "null"]}}, "additionalProperties": False},
    {"anyOf": [{"type": "string"}, {"type": "integer"}], "default": "{{ x }}"},
    {"type": "object", "required": True, "patternProperties": {"^a": {"type": "integer"}}},
    {"type": "object", "properties": {"a": {"x-custom": 1}}},
    {"type": "string", "enum": ["a"], "pattern": "^a$", "format": "email", "minLength": 0},
]

FAULTY = [
    ("text", "has to be a map of schema attributes"),
    ({"type": "strin"}, "type has to be one of array, boolean"),
    ({"type": ["string", "null"]}, "type has to be a single type"),
    ({"required": "yes"}, "required has to be true or false"),
    ({"required": ["a"]}, "required has to be true or false"),
    ({"secret": "true"}, "secret has to be true or false"),
    ({"position": -1}, "position has to be a whole number"),
    ({"position": True}, "position has to be a whole number"),
    ({"enum": []}, "enum has to be a list"),
    ({"pattern": "("}, "pattern has to be a regular expression"),
    ({"minimum": "1"}, "minimum has to be a number"),
    ({"requird": True}, 'unknown attribute "requird"; did you mean "required"?'),
    ({"items": {"type": "nope"}}, "items: type has to be"),
    ({"anyOf": [{"type": "nope"}]}, r"anyOf\[0\]: type has to be"),
    ({"properties": {"a": {"minLength": -1}}}, "a: minLength has to be"),
    ({"patternProperties": {"(": {}}}, "not a regular expression"),
]


@pytest.mark.parametrize("schema", FINE)
def test_fine(schema):
    assert parameter_problems(schema, 'parameter "p"') == []


@pytest.mark.parametrize(("schema", "text"), FAULTY)
def test_faulty(schema, text):
    problems = parameter_problems(schema, 'parameter "p"')
    assert problems
    assert any(re.search(text, problem) for problem in problems)
    assert all(problem.startswith('parameter "p"') for problem in problems)
