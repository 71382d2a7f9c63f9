"""Casting by declared type."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st2lite.models.errors import InvalidInput
from st2lite.rendering.casting import NONE_MARK, cast

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("value", "declared", "expected"),
    [
        ("5", "integer", 5),
        (" -5 ", "integer", -5),
        (5, "integer", 5),
        (5.0, "integer", 5),
        ("5.5", "number", 5.5),
        (5, "number", 5.0),
        ("true", "boolean", True),
        ("FALSE", "boolean", False),
        (True, "boolean", True),
        ('{"a": [1, null]}', "object", {"a": [1, None]}),
        ("{'a': (1, None)}", "object", {"a": [1, None]}),
        ("[1, 2]", "array", [1, 2]),
        ("['a', True]", "array", ["a", True]),
        ([1], "array", [1]),
        ("5", "string", "5"),
        ("5", None, "5"),
        (5, "no such type", 5),
        (5, ["string", "null"], 5),
        *[(None, declared, None) for declared in ("string", "integer", "number", "boolean", "array", "object", None)],
        *[(NONE_MARK, declared, None) for declared in ("string", "integer", "array", "object", None)],
    ],
)
def test_casts(value, declared, expected):
    result = cast("p", value, declared)
    assert (result, type(result)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("value", "declared", "text"),
    [
        ("abc", "integer", 'Parameter "p" cannot be read as integer; give a whole number'),
        ("5.5", "integer", "cannot be read as integer"),
        ("nan", "number", "cannot be read as number"),
        ("yes", "boolean", "give true or false"),
        ("{", "object", "JSON text of one"),
        ("__import__('os')", "array", "cannot be read as array"),
        ("{1, 2}", "array", "cannot be read as array"),
        (5, "string", 'must either be a string or None. Got "int"'),
        ([], "integer", "cannot be read as integer"),
        ("[" * 5000, "array", "cannot be read as array"),
        ("9" * 5000, "integer", "cannot be read as integer"),
    ],
)
def test_what_cannot_be_cast(value, declared, text):
    with pytest.raises(InvalidInput, match=text):
        cast("p", value, declared)


def test_the_value_is_not_repeated():
    with pytest.raises(InvalidInput) as caught:
        cast("p", "hunter2", "integer")
    assert "hunter2" not in caught.value.message


@given(json_values)
def test_json_text_becomes_the_value_again(value):
    declared = {list: "array", dict: "object"}.get(type(value))
    if declared:
        assert cast("p", json.dumps(value), declared) == value
        assert cast("p", repr(value), declared) == value


@given(json_values, st.sampled_from(["array", "boolean", "integer", "number", "object", "string", None]))
def test_casting_twice_changes_nothing_and_fails_only_on_purpose(value, declared):
    try:
        once = cast("p", value, declared)
    except InvalidInput:
        return
    try:
        assert cast("p", once, declared) == once
    except InvalidInput:
        assert isinstance(once, str), "only text within text can stop being readable"
