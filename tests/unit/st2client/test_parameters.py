"""Words on the command line become parameters of the declared types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from st2client import parameters
from st2client.errors import UsageError

ACTION: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "count": {"type": "integer"},
    "ratio": {"type": "number"},
    "flag": {"type": "boolean"},
    "items": {"type": "array"},
    "numbers": {"type": "array", "items": {"type": "integer"}},
    "pairs": {"type": "array", "properties": {"port": {"type": "integer"}}},
    "thing": {"type": "object"},
    "either": {"type": ["integer", "string"]},
}
RUNNER = {"timeout": {"type": "integer"}, "text": {"type": "string"}}


def parse(*words: str, **options: Any) -> dict[str, Any]:
    return parameters.parse(words, RUNNER, ACTION, **options)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("text=a=b", "a=b"),
        ("text=", ""),
        ("text=7", "7"),
        ("unknown=7", "7"),
        ("count=7", 7),
        ("timeout=-1", -1),
        ("ratio=1.5", 1.5),
        ("flag=true", True),
        ("flag=No", False),
        ("flag=0", False),
        ("items=a, b", ["a", "b"]),
        ('items=["a", 1]', ["a", 1]),
        ("items=51", [51]),
        ("items=one", ["one"]),
        ("items=1.5", ["1.5"]),
        ("items=", []),
        ("numbers=1,2", [1, 2]),
        ('thing={"a": {"b": 1}}', {"a": {"b": 1}}),
        ("thing=a=1,b=x=y", {"a": "1", "b": "x=y"}),
        ("either=5", 5),
        ("either=five", "five"),
    ],
)
def test_values(word: str, value: Any) -> None:
    name = word.partition("=")[0]
    assert parse(word) == {name: value}
    assert type(parse(word)[name]) is type(value)


@pytest.mark.parametrize(
    ("word", "kind"),
    [("count=many", "integer"), ("flag=maybe", "boolean"), ("ratio=x", "number"), ("thing=x", "object"),
     ("thing={", "object"), ("numbers=a,b", "array")],
)  # fmt: skip
def test_values_that_do_not_fit_name_the_parameter_and_the_type(word: str, kind: str) -> None:
    with pytest.raises(UsageError, match=f'"{word.partition("=")[0]}" must be of type {kind}') as caught:
        parse(word)
    assert caught.value.hint


def test_repeated_arrays_append_and_other_values_are_replaced() -> None:
    assert parse("items=a", "items=b,c", "text=x", "text=y") == {"items": ["a", "b", "c"], "text": "y"}


def test_a_word_without_an_equals_sign_begins_the_command() -> None:
    assert parse("text=x", "ls", "-l", "a=b") == {"text": "x", "cmd": "ls -l a=b"}


def test_auto_dict() -> None:
    assert parse("pairs=name:web,port:80", auto_dict=True) == {"pairs": [{"name": "web", "port": 80}]}
    assert parse("pairs=name:web,80", auto_dict=True) == {"pairs": ["name:web", "80"]}
    assert parse("pairs=name:web") == {"pairs": ["name:web"]}


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "body.txt"
    path.write_bytes("één\r\n".encode())
    assert parse(f"@text={path}") == {"text": "één\r\n"}
    assert parse(f"@body={path}", action_ref="core.http") == {
        "file_content": "één\r\n",
        "file_name": "body.txt",
        "method": "POST",
    }
    assert parse("method=PUT", f"@body={path}", action_ref="core.http")["method"] == "PUT"


def test_files_that_cannot_be_sent(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for path, reason in (
        (tmp_path / "none", "doesn't exist"),
        (tmp_path, "not a file"),
        (tmp_path / "binary", "UTF-8"),
    ):
        with pytest.raises(UsageError, match=reason):
            parse(f"@text={path}")


def test_inherited_environment_leaves_out_what_belongs_to_the_caller() -> None:
    environ = {"PATH": "/bin", "home": "/", "ST2_AUTH_TOKEN": "t", "ST2_API_KEY": "k", "DEPLOY": "yes"}
    assert parameters.inherited_environment(environ) == {"DEPLOY": "yes"}
