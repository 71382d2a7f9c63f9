from __future__ import annotations

import pytest

from st2lite.runners.shell_output import strip_line_end, value_of


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("", ""),
        ("\n", ""),
        ("hello\n", "hello"),
        ("hello\n\n", "hello\n"),
        ("hello\r\n", "hello"),
        ("hello\r", "hello"),
        ("5\n", 5),
        ("-1.5e3\n", -1500.0),
        ("007\n", "007"),
        ("1.2.3\n", "1.2.3"),
        ("-\n", "-"),
        ("12345678901234567890123\n", 12345678901234567890123),
        ("9" * 2000 + "\n", "9" * 2000),
        ("1e999", "1e999"),
        ("true\n", True),
        ("false", False),
        ("null\n", None),
        ("truely\n", "truely"),
        ("nan\n", "nan"),
        ("NaN\n", "NaN"),
        ('"quoted"\n', "quoted"),
        ('"open\n', '"open'),
        ('"\\ud800"', '"\\ud800"'),
        ('  {"a": [1, null]}  \n', {"a": [1, None]}),
        ('{"a": 1}\n{"b": 2}\n', '{"a": 1}\n{"b": 2}'),
        ("{a: 1}\n", "{a: 1}"),
        ("[1, 2,]\n", "[1, 2,]"),
        ("[]\n", []),
        ("[" * 100_000 + "]" * 100_000, "[" * 100_000 + "]" * 100_000),
        ("٣\n", "٣"),
        ("\x00", "\x00"),
        (" \n", " "),
    ],
)
def test_value_of(printed: str, value: object) -> None:
    assert value_of(printed) == value
    assert type(value_of(printed)) is type(value)


def test_only_one_line_end_is_stripped() -> None:
    assert strip_line_end("a\n\r\n") == "a\n"
    assert strip_line_end("a\n\r") == "a\n"
