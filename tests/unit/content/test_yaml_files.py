"""Reading YAML and JSON files."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st2lite.content.yaml_files import LARGEST, dump, load_file, load_map
from st2lite.models.errors import ContentError


def load(tmp_path, text, name="file.yaml"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_file(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: [x, null, true, 1.5]", {"a": 1, "b": ["x", None, True, 1.5]}),
        ("date: 2026-01-31\ntime: 2026-01-31T12:00:00Z", {"date": "2026-01-31", "time": "2026-01-31T12:00:00Z"}),
        ("2: two\ntrue: yes it is\n~: none\n1.5: x", {"2": "two", "true": "yes it is", "null": "none", "1.5": "x"}),
        ("a: &x {k: 1}\nb: *x\nc: {<<: *x, l: 2}", {"a": {"k": 1}, "b": {"k": 1}, "c": {"k": 1, "l": 2}}),
        ("\ufeffa: ä", {"a": "ä"}),
        ("", None),
    ],
)
def test_yaml(tmp_path, text, expected):
    assert load(tmp_path, text) == expected


def test_json(tmp_path):
    assert load(tmp_path, '{"a": [1, null]}', "file.json") == {"a": [1, None]}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("f.yaml", "a: 1\nb: [", r"f.yaml, line \d, column \d: .*flow"),
        ("f.yaml", "a: b: c", r"f.yaml, line 1, column 5: mapping values"),
        ("f.yaml", "a: !!python/object/apply:os.system [id]", r"line 1, column 4: could not determine a constructor"),
        ("f.yaml", "a: \x00", "f.yaml"),
        ("f.yaml", b"a: \xff\xfe", "not UTF-8 text"),
        ("f.yaml", "? [a, b]\n: 1", "f.yaml"),
        ("f.yaml", "a: !!binary aGk=", "a value of type bytes cannot be used"),
        ("f.yaml", "a: &x [*x]", "a value that contains itself"),
        ("f.yaml", "[" * 5000, "nested too deeply|f.yaml"),
        ("f.yaml", "a: .nan", "f.yaml: the number nan cannot be written as JSON"),
        ("f.json", '{"a": -Infinity}', "f.json: the number -inf cannot be written as JSON"),
        ("f.json", r'{"a": "\ud800"}', "f.json: the text .* is not valid Unicode"),
        ("f.json", r'{"\ud800": 1}', "f.json: the text .* is not valid Unicode"),
        ("f.json", '{"a": 1,}', "f.json, line 1, column"),
        ("f.json", "", "f.json, line 1, column 1"),
    ],
)
def test_faults_name_file_and_place(tmp_path, name, text, message):
    with pytest.raises(ContentError, match=message) as caught:
        load(tmp_path, text, name)
    assert str(tmp_path / name) in caught.value.message


def test_a_bomb_of_aliases_is_refused(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(ContentError, match="aliases may have multiplied them"):
        load(tmp_path, "\n".join(lines))


def test_a_key_given_twice_is_logged(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        assert load(tmp_path, "x:\n  a: 1\n  a: 2\n") == {"x": {"a": 2}}
    assert 'line 2: "a" is given twice' in caplog.text


def test_maps(tmp_path):
    path = tmp_path / "f.yaml"
    path.write_text("")
    assert load_map(path) == {}
    path.write_text("- a")
    with pytest.raises(ContentError, match="expected a map of names to values, got a list"):
        load_map(path)
    with pytest.raises(ContentError, match=r"none.yaml: no such file"):
        load_map(tmp_path / "none.yaml")
    with pytest.raises(ContentError, match="cannot be read: Is a directory"):
        load_map(tmp_path)


# Line breaks that only Unicode knows are rewritten by the YAML library itself.
texts = st.text(st.characters(codec="utf-8", exclude_characters="\x85\u2028\u2029"), max_size=8)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=6,
    )
)
def test_what_is_dumped_is_loaded_again(tmp_path_factory, value):
    path = tmp_path_factory.getbasetemp() / "dumped.yaml"
    path.write_text(dump(value))
    assert load_file(path) == value


def test_huge_files_are_refused(tmp_path):
    with pytest.raises(ContentError, match=r"file\.yaml: \d+ bytes are too many; the most that is read is 4194304"):
        load(tmp_path, "#" * (LARGEST + 1))
