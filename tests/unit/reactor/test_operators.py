"""Every operator: what matches, what does not, and what is a fault of the rule."""

import re
import time
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st2lite.models.criteria import OPERATORS
from st2lite.reactor.operators import OPERATOR_OF

MATCHES = [
    ("eq", "a", "a"), ("eq", 1, 1), ("eq", 1, 1.0), ("eq", [1, "x"], [1, "x"]), ("eq", {"a": None}, {"a": None}),
    ("eq", "", ""), ("eq", False, False), ("eq", "größe", "größe"),
    ("neq", "a", "b"), ("neq", "1", 1), ("neq", None, "a"), ("neq", "a", None),
    ("ieq", "ABC", "abc"), ("ieq", "ÄÖ", "äö"),
    ("contains", "abcd", "bc"), ("contains", ["a", "b"], "b"), ("contains", [1, [2]], [2]), ("contains", "abc", ""),
    ("contains", {"key": 1}, "key"),
    ("icontains", "ABCD", "bc"), ("icontains", ["A", 5], "a"), ("icontains", "ABCD", "Bc"),
    ("ncontains", "abcd", "x"), ("ncontains", ["a"], "b"), ("ncontains", "ABC", "abc"), ("ncontains", ["ab"], "a"),
    ("incontains", "ABC", "x"), ("incontains", ["A"], "b"),
    ("startswith", "abcd", "ab"), ("istartswith", "ABcd", "aB"),
    ("endswith", "abcd", "cd"), ("iendswith", "abCD", "Cd"),
    ("lt", 1, 2), ("lt", "a", "b"), ("lt", 1, 1.5), ("lt", [1], [2]),
    ("gt", 2, 1), ("gt", "b", "a"), ("gt", 0, -1),
    ("exists", 0, None), ("exists", "", None), ("exists", False, "x"), ("exists", [], None),
    ("nexists", None, None), ("nexists", None, "x"),
    ("in", "b", "abc"), ("in", "b", ["a", "b"]), ("in", 2, [1, 2]), ("in", None, [None]), ("in", "", "abc"),
    ("nin", "x", "abc"), ("nin", "x", ["a"]), ("nin", None, ["a"]), ("nin", [1], [1]),
    ("matchwildcard", "web01.example", "web*.example"), ("matchwildcard", "v7", "v[0-9]"), ("matchwildcard", "a", "?"),
    ("regex", "say hello", "hel+o"), ("regex", "v12", r"^v\d+$"), ("regex", "größe", "ö"),
    ("iregex", "say HELLO", "hel+o"),
    ("matchregex", "hello world", "hello"), ("matchregex", "a\nb", "a.b"), ("matchregex", "abc", r"\w+"),
]  # fmt: skip

MISMATCHES = [
    ("eq", "a", "b"), ("eq", "1", 1), ("eq", None, "a"), ("eq", "A", "a"), ("eq", None, None), ("eq", [1], (1,)),
    ("neq", "a", "a"), ("neq", None, None),
    ("ieq", "a", "b"),
    ("contains", "abcd", "x"), ("contains", ["ab"], "a"), ("contains", "ABC", "abc"),
    ("icontains", "ABC", "x"), ("icontains", ["AB"], "a"),
    ("ncontains", "abcd", "bc"), ("ncontains", ["a"], "a"),
    ("incontains", "ABC", "bc"), ("incontains", ["A"], "a"),
    ("startswith", "abcd", "b"), ("startswith", "ABcd", "ab"), ("istartswith", "abcd", "b"),
    ("endswith", "abcd", "c"), ("endswith", "abCD", "cd"), ("iendswith", "abcd", "c"),
    ("lt", 2, 1), ("lt", 1, 1), ("gt", 1, 2), ("gt", 1, 1),
    ("exists", None, None), ("nexists", 0, None), ("nexists", "", "x"),
    ("in", "x", "abc"), ("in", "x", ["a"]), ("in", None, ["a"]), ("in", None, "abc"),
    ("nin", "b", "abc"), ("nin", "b", ["a", "b"]), ("nin", None, [None]), ("nin", None, "abc"),
    ("matchwildcard", "web01", "db*"), ("matchwildcard", "WEB01", "web*"), ("matchwildcard", "web01x", "web01"),
    ("regex", "say HELLO", "hel+o"), ("regex", "a\nb", "a.b"),
    ("iregex", "say bye", "hel+o"),
    ("matchregex", "say hello", "hello"),
]  # fmt: skip

FAULTS = [
    ("ieq", 5, "5"), ("ieq", "5", 5), ("contains", 5, "5"), ("contains", "5", 5), ("icontains", True, "t"),
    ("ncontains", 5, "5"), ("incontains", "a", 5), ("startswith", ["a"], "a"), ("istartswith", "a", 1),
    ("endswith", 5, "5"), ("iendswith", {}, "a"), ("lt", "1", 2), ("gt", 1, "2"), ("gt", {}, {}),
    ("td_lt", "yesterday", 5), ("td_gt", "2026-01-01", "soon"), ("in", 5, "15"), ("in", "a", 5), ("nin", 5, "15"),
    ("matchwildcard", 5, "*"), ("regex", 5, r"\d"), ("regex", "a", "("), ("iregex", "a", 5), ("matchregex", [], "x"),
]  # fmt: skip


def compare(name, value, pattern):
    return OPERATOR_OF[name](value, pattern)


@pytest.mark.parametrize("name, value, pattern", MATCHES)
def test_what_matches(name, value, pattern):
    assert compare(name, value, pattern) is True


@pytest.mark.parametrize("name, value, pattern", MISMATCHES)
def test_what_does_not_match(name, value, pattern):
    assert compare(name, value, pattern) is False


@pytest.mark.parametrize("name, value, pattern", FAULTS)
def test_values_of_the_wrong_kind_are_told_from_a_mismatch(name, value, pattern):
    with pytest.raises((TypeError, ValueError, re.error)):
        compare(name, value, pattern)


def test_every_operator_is_tried_above():
    assert {name for name, *_ in MATCHES} | {"td_lt", "td_gt", "search"} == set(OPERATORS.values())
    assert {name for name, *_ in MISMATCHES} | {"td_lt", "td_gt", "search"} == set(OPERATORS.values())


@pytest.mark.parametrize("name, short", sorted(OPERATORS.items()))
def test_a_long_name_is_the_same_operator(name, short):
    assert OPERATOR_OF.get(name) is OPERATOR_OF.get(short)


@pytest.mark.parametrize("name", sorted(set(OPERATOR_OF) - {"exists", "nexists", "neq", "nequals"}))
@pytest.mark.parametrize("value", ["x", 5, None, ["x"], {}])
def test_without_a_pattern_nothing_matches(name, value):
    assert compare(name, value, None) is False


@pytest.mark.parametrize("name", sorted(set(OPERATOR_OF) - {"nexists", "neq", "nequals"}))
def test_what_is_missing_matches_nothing_and_is_no_fault(name):
    assert compare(name, None, "x") is False


def ago(**span):
    return datetime.now(timezone.utc) - timedelta(**span)


@pytest.mark.parametrize("prefix", ["td", "timediff"])
@pytest.mark.parametrize("pattern", [60, "60", 60.0])
def test_the_age_of_a_date(prefix, pattern):
    young, old = ago(seconds=20).isoformat(), ago(minutes=2).strftime("%Y-%m-%d %H:%M:%S")
    assert compare(f"{prefix}_lt", young, pattern) and not compare(f"{prefix}_gt", young, pattern)
    assert compare(f"{prefix}_gt", old, pattern) and not compare(f"{prefix}_lt", old, pattern)


def test_a_date_to_come_is_younger_than_anything():
    assert compare("td_lt", time.time() + 3600, 0)


VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
TEXTS = st.text()


@given(VALUES, VALUES)
def test_neq_is_the_opposite_of_eq_unless_the_pattern_is_null(value, pattern):
    if pattern is not None:
        assert compare("neq", value, pattern) is not compare("eq", value, pattern)


@given(TEXTS, TEXTS)
def test_negations_are_opposites(value, pattern):
    assert compare("ncontains", value, pattern) is not compare("contains", value, pattern)
    assert compare("incontains", value, pattern) is not compare("icontains", value, pattern)
    assert compare("nin", value, pattern) is not compare("in", value, pattern)
    assert compare("in", value, pattern) is compare("contains", pattern, value)


@given(TEXTS, TEXTS)
def test_what_holds_for_text_holds_ignoring_case(value, pattern):
    for name in ("eq", "contains", "startswith", "endswith"):
        if compare(name, value, pattern):
            assert compare(f"i{name}", value, pattern)


@given(TEXTS, TEXTS, TEXTS)
def test_parts_are_found_where_they_were_put(before, part, after):
    whole = before + part + after
    assert compare("contains", whole, part)
    assert compare("startswith", whole, before)
    assert compare("endswith", whole, after)
    assert compare("regex", whole, re.escape(part))


@given(st.integers() | st.floats(allow_nan=False), st.integers() | st.floats(allow_nan=False))
def test_numbers_are_in_order(value, pattern):
    assert [compare("lt", value, pattern), compare("gt", value, pattern), compare("eq", value, pattern)].count(
        True
    ) == 1


@given(VALUES)
def test_a_value_exists_or_it_does_not(value):
    assert compare("exists", value, None) is not compare("nexists", value, None)
