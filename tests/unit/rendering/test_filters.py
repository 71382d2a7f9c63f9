"""Every filter, as templates use it."""

import datetime

import pytest

from st2lite.models.errors import CryptoError, RenderError
from st2lite.rendering.crypto import KEY_RING, KeyRing
from st2lite.rendering.environment import render
from st2lite.rendering.filters import FILTERS

RING = KeyRing.generate()
DATA = {"a": [{"b": 1, "x": "one"}, {"b": 2}], "c": {"b": 3}}

CASES = [
    ("{{ v | from_json_string }}", '{"a": [1, null]}', "{'a': [1, None]}"),
    ("{{ (v | from_json_string).a }}", '{"a": 5}', "5"),
    ("{{ v | to_json_string }}", {"b": 1, "a": [True, None]}, '{"b": 1,"a": [true,null]}'),
    ("{{ v | to_json_string(sort_keys=True, separators=(',', ':')) }}", {"b": 1, "a": 2}, '{"a":2,"b":1}'),
    ("{{ v | to_json_string(indent=1) }}", {"a": 1}, '{\n "a": 1\n}'),
    ("{{ v | from_yaml_string }}", "a: [1, b]", "{'a': [1, 'b']}"),
    ("{{ v | to_yaml_string }}", {"b": [1], "a": "ä"}, "a: ä\nb:\n- 1\n"),
    ("{{ v | to_yaml_string(indent=4, allow_unicode=False) }}", {"a": {"b": "ä"}}, 'a:\n    b: "\\xE4"\n'),
    ("{{ v | json_escape }}", 'say "hi"\\\n\t', 'say \\"hi\\"\\\\\\n\\t'),
    ("{{ v | json_escape }}", 'ends with "', 'ends with \\"'),
    ("{{ v | jsonpath_query('a[*].b') }}", DATA, "[1, 2]"),
    ("{{ v | jsonpath_query('$..b') }}", DATA, "[1, 2, 3]"),
    ("{{ v | jsonpath_query('none') }}", DATA, "None"),
    ("{{ v | to_complex }}", {"a": [1, "x"]}, '{"a": [1, "x"]}'),
    ("{{ v | use_none }}", None, "%*****__%NONE%__*****%"),
    ("{{ v | use_none }}", "x", "x"),
    ("{{ v | regex_match('a.c') }}", "abcd", "True"),
    ("{{ v | regex_match('b') }}", "abcd", "False"),
    ("{{ v | regex_match('A', ignorecase=True) }}", "abcd", "True"),
    ("{{ v | regex_search('b') }}", "abcd", "True"),
    ("{{ v | regex_search('B') }}", "abcd", "False"),
    ("{{ v | regex_search('B', True) }}", "abcd", "True"),
    ("{{ v | regex_replace('(b)(c)', '\\\\2\\\\1') }}", "abcd", "acbd"),
    ("{{ v | regex_replace('B', '-', ignorecase=True) }}", "abcb", "a-c-"),
    ("{{ v | regex_substring('[0-9]+') }}", "a12b345", "12"),
    ("{{ v | regex_substring('[0-9]+', 1) }}", "a12b345", "345"),
    ("{{ v | regex_substring('B', result_index=0, ignorecase=True) }}", "a12b345", "b"),
    ("{{ v | to_human_time_from_seconds }}", 0, "0s"),
    ("{{ v | to_human_time_from_seconds }}", 0.5, "0.5μs"),
    ("{{ v | to_human_time_from_seconds }}", 56.3, "56s"),
    ("{{ v | to_human_time_from_seconds }}", 3785, "1h3m5s"),
    ("{{ v | to_human_time_from_seconds }}", 12345, "3h25m45s"),
    ("{{ v | to_human_time_from_seconds }}", 86401, "1d0h0m1s"),
    ("{{ v | to_human_time_from_seconds }}", 366 * 86400, "1y1d0h0m0s"),
    ("{{ v | version_compare('0.10.0') }}", "0.9.0", "-1"),
    ("{{ v | version_compare('0.10.0') }}", "0.10.0", "0"),
    ("{{ v | version_compare('0.10.0') }}", "0.10.1", "1"),
    ("{{ v | version_compare('1.0.0') }}", "1.0.0-rc.1", "-1"),
    ("{{ v | version_compare('1.0.0-rc.2') }}", "1.0.0-rc.10", "1"),
    ("{{ v | version_compare('1.0.0-alpha') }}", "1.0.0-1", "-1"),
    ("{{ v | version_compare('1.0.0') }}", "1.0.0+build5", "0"),
    ("{{ v | version_more_than('0.10.0') }}", "0.10.1", "True"),
    ("{{ v | version_less_than('0.10.0') }}", "0.10.1", "False"),
    ("{{ v | version_equal('0.10.0') }}", "0.10.0", "True"),
    ("{{ v | version_match('>0.10.0') }}", "0.10.1", "True"),
    ("{{ v | version_match('<=0.10.0') }}", "0.10.1", "False"),
    ("{{ v | version_match('!=0.10.0') }}", "0.10.1", "True"),
    ("{{ v | version_match('0.10.1') }}", "0.10.1", "True"),
    ("{{ v | version_bump_major }}", "0.10.1", "1.0.0"),
    ("{{ v | version_bump_minor }}", "0.10.1", "0.11.0"),
    ("{{ v | version_bump_patch }}", "0.10.1-rc", "0.10.2"),
    ("{{ v | version_strip_patch }}", "0.10.1", "0.10"),
    ("{{ v | basename }}", "/a/b.txt", "b.txt"),
    ("{{ v | dirname }}", "/a/b.txt", "/a"),
    ("{{ v | decrypt_kv }}", RING.encrypt("s3cret"), "s3cret"),
]


@pytest.mark.parametrize(("template", "value", "expected"), CASES)
def test_filter(template, value, expected):
    assert render(template, {"v": value, KEY_RING: RING}) == expected


def test_every_filter_is_covered():
    used = {name for name in FILTERS if any(f"| {name}" in template for template, _, _ in CASES)}
    assert used == set(FILTERS)


@pytest.mark.parametrize(
    ("template", "value", "text"),
    [
        ("{{ v | from_json_string }}", "{", "Expecting property name"),
        ("{{ v | to_human_time_from_seconds }}", "stuff", "have to be a number"),
        ("{{ v | version_compare('1') }}", "1.0.0", '"1" is not a version; write it as 1.2.3'),
        ("{{ v | version_match('') }}", "1.0.0", "comparison is empty"),
        ("{{ v | regex_substring('x') }}", "abc", "index out of range"),
        ("{{ v | jsonpath_query('a[') }}", {}, '"a\\[" is not a JSONPath'),
        ("{{ v | to_complex }}", datetime.date(2026, 1, 1), "type date cannot be written as JSON"),
        ("{{ v | decrypt_kv }}", "AB", "not encrypted"),
        ("{{ v | decrypt_kv }}", KeyRing.generate().encrypt("x"), "another key"),
    ],
)
def test_what_fails_says_why(template, value, text):
    with pytest.raises(RenderError, match=text):
        render(template, {"v": value, KEY_RING: RING})


def test_decrypting_without_a_key_names_the_remedy():
    with pytest.raises(RenderError, match="st2-generate-symmetric-crypto-key") as caught:
        render("{{ v | decrypt_kv }}", {"v": "AB", KEY_RING: None})
    assert isinstance(caught.value.__cause__, CryptoError)
