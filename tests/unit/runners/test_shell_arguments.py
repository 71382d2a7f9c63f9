from __future__ import annotations

import shlex
from typing import Any

import pytest

from st2lite.runners.shell_arguments import positional_text, script_arguments
from tests.runs import make_run


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a b", "a b"),
        (3, "3"),
        (1.5, "1.5"),
        (True, "1"),
        (False, "0"),
        (None, ""),
        (["a", 1, "b c"], "a,1,b c"),
        ([], ""),
        ({"a": [1, "é"]}, '{"a": [1, "\\u00e9"]}'),
    ],
)
def test_positional_text(value: Any, text: str) -> None:
    assert positional_text(value) == text


def arguments(schemas: dict[str, Any], values: dict[str, Any], kwarg_op: str = "--") -> list[str]:
    return script_arguments(make_run("local-shell-script", {}, values, schemas=schemas), kwarg_op)


def test_named_come_before_positional_ones() -> None:
    schemas = {"second": {"position": 1}, "named": {}, "first": {"position": 0}}
    assert arguments(schemas, {"second": "2", "named": "x y", "first": "1"}) == ["--named=x y", "1", "2"]


def test_flags_and_omissions() -> None:
    values = {"yes": True, "no": False, "null": None, "empty": "", "zero": 0, "list": ["a"], "no_list": []}
    assert arguments({}, values) == ["--yes", "--zero=0", "--list=['a']", "--no_list=[]"]


def test_kwarg_op_is_free() -> None:
    assert arguments({}, {"a": 1, "b": True}, "") == ["a=1", "b"]


def test_a_missing_positional_value_keeps_its_place() -> None:
    assert arguments({"a": {"position": 0}, "b": {"position": 1}}, {"b": "x"}) == ["", "x"]


def test_a_position_on_a_runner_parameter_is_no_argument() -> None:
    run = make_run("local-shell-cmd", {}, schemas={"cmd": {"position": 0}})
    run.runner.runner_parameters["cmd"] = {"type": "string"}
    assert script_arguments(run, "--") == []


def test_nothing_escapes_the_quotes() -> None:
    hostile = {"a": "'; touch /x; '", "b": "$(id) `id`\n&"}
    rendered = arguments({"b": {"position": 0}}, hostile)
    assert shlex.split(shlex.join(rendered)) == ["--a='; touch /x; '", "$(id) `id`\n&"]
