"""Tables, fields, JSON and YAML."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import yaml

from st2client.errors import ConfigError
from st2client.models import Execution, Resource
from st2client.output import color, execution, timestamps
from st2client.output.attributes import get_value, include_query, select
from st2client.output.printer import Printer
from st2client.output.schema import infer
from st2client.output.table import list_table, note, property_table


def printer(style: str = "table") -> Printer:
    return Printer(style, lambda: "UTC", io.StringIO(), io.StringIO())


def shown(of: Printer) -> str:
    assert isinstance(of.out, io.StringIO)
    return of.out.getvalue()


def test_list_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    items = [Resource(ref="core.a", tags=["x", "y"], nested={"deep": 1}), Resource(ref="b", tags=[])]
    assert list_table(items, ["ref", "tags", "nested.deep"]).split("\n") == [
        "+--------+------+-------------+",
        "| ref    | tags | nested.deep |",
        "+--------+------+-------------+",
        "| core.a | x, y | 1           |",
        "| b      |      |             |",
        "+--------+------+-------------+",
    ]


def test_list_table_fits_the_terminal_and_keeps_ids_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    items = [Resource(id="5f0c1a2b3c4d5e6f70819203", short="ab", text="word " * 40)]
    lines = list_table(items, ["id", "short", "text"]).split("\n")
    assert {len(line) for line in lines} <= {70, 69, 68, 67, 66}
    assert "| 5f0c1a2b3c4d5e6f70819203 | ab    |" in lines[3]
    assert "".join(line.split("|")[3].replace(" ", "") for line in lines[3:-1]) == "word" * 40


def test_widths_given_by_the_user() -> None:
    items = [Resource(a="one two", b="three four")]
    assert "| one | three |" in list_table(items, ["a", "b"], [3, 5])
    assert "| one | thre |" in list_table(items, ["a", "b"], [4])


def test_wide_characters_take_two_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = list_table([Resource(name="日本"), Resource(name="abcd")], ["name"]).split("\n")
    assert lines[3:5] == ["| 日本 |", "| abcd |"]


def test_property_table_orders_and_indents() -> None:
    item = Resource(zebra=1, name="n", id="i", extra={"a": [1]}, _private=2, nothing=None)
    lines = property_table(item, ["all"]).split("\n")
    assert [line.split("|")[1].strip() for line in lines[3:-1] if line[2] != " "] == [
        "id", "name", "extra", "nothing", "zebra",
    ]  # fmt: skip
    assert '|          | "a": [' not in lines
    assert any('    "a": [' in line for line in lines)


def test_missing_attributes_are_empty_cells() -> None:
    assert "| gone     |       |" in property_table(Resource(id=1), ["gone"])


def test_fields_show_nested_values_as_yaml() -> None:
    out = printer()
    out.fields(
        Resource(id="1", result={"stdout": "a\nb", "code": 0, "long": "x" * 300}, log=[{"s": 1}], none=None),
        ["id", "result", "log", "none"],
    )
    text = shown(out)
    assert text.startswith("id: 1\nresult: \n  code: 0\n")
    assert "  stdout: |-\n    a\n    b\n" in text
    assert "x" * 300 in text
    assert text.endswith("log: \n  - s: 1\nnone: None\n")
    block = text.partition("result: \n")[2].partition("log:")[0]
    assert yaml.safe_load(block) == {"stdout": "a\nb", "code": 0, "long": "x" * 300}


def test_fields_of_everything() -> None:
    out = printer()
    out.fields(Resource(b=1, a=2, _c=3), ["all"])
    assert shown(out) == "a: 2\nb: 1\n"


def test_json_and_yaml_hold_only_what_was_asked_for() -> None:
    items = [Resource(id="1", context={"user": "u", "x": 1}, none=None)]
    wanted = [{"context": {"user": "u"}, "id": "1"}]
    for style, load in (("json", json.loads), ("yaml", yaml.safe_load)):
        out = printer(style)
        out.items(items, ["id", "context.user", "none", "missing"])
        assert load(shown(out)) == wanted
    out = printer("json")
    out.items(items, ["id"])
    assert shown(out) == '[\n    {\n        "id": "1"\n    }\n]\n'


def test_nothing_found() -> None:
    out = printer()
    out.items([], ["id"])
    assert shown(out) == "No matching items found\n"
    out = printer("json")
    out.items([], ["id"])
    assert shown(out) == "[]\n"


def test_limit_note_goes_to_stderr_only_where_people_read() -> None:
    out = printer()
    out.limit_note(70, 50, "rules", "rule")
    assert "Note: Only first 50 rules are displayed. Use -n/--last flag for more results." in out.err.getvalue()  # type: ignore[attr-defined]
    for style, total, limit in (("json", 70, 50), ("table", 50, 50), ("table", None, 50), ("table", 70, -1)):
        out = printer(style)
        out.limit_note(total, limit, "rules", "rule")
        assert out.err.getvalue() == ""  # type: ignore[attr-defined]
    assert note("hi", 10) == "+--------+\n| hi     |\n+--------+"


@pytest.mark.parametrize(
    ("path", "value"),
    [("a.b", 1), ("a.list.0", "x"), ("a.list[-1]", "y"), ("a.list.9", None), ("a.gone", None), ("dotted.key", 2),
     ("rows.*.n", [1, 2]), ("$.a.b", 1), ("a.b.c", None)],
)  # fmt: skip
def test_paths(path: str, value: Any) -> None:
    document = {"a": {"b": 1, "list": ["x", "y"]}, "dotted.key": 2, "rows": [{"n": 1}, {"n": 2}]}
    assert get_value(document, path) == value


def test_include_query() -> None:
    assert include_query(["id", "a.b"], ["a.b", "log"]) == "a.b,log,id"
    assert include_query(["all"]) is None
    assert select(Resource(a=1, b=None), ["all"]) == {"a": 1}


def test_times() -> None:
    utc = timestamps.formatter(timestamps.zone("UTC"))
    assert utc("2026-01-01T00:00:00.000000Z") == "Thu, 01 Jan 2026 00:00:00 UTC"
    assert utc("2026-07-04 12:30:00+02:00") == "Sat, 04 Jul 2026 10:30:00 UTC"
    assert [utc(value) for value in ("", None, "soon")] == ["", "", "soon"]
    madrid = timestamps.formatter(timestamps.zone("Europe/Madrid"))
    assert madrid("2026-07-01T00:00:00.000000Z") == "Wed, 01 Jul 2026 02:00:00 CEST"
    assert timestamps.to_unix("1970-01-01T00:01:00.5Z".replace(".5", ".500")) == 60


def test_unknown_time_zone() -> None:
    with pytest.raises(ConfigError, match="Mars/Base"):
        timestamps.zone("Mars/Base")


def test_colors_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for name in ("ST2_COLORIZE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert (color.enabled(Terminal()), color.enabled(io.StringIO())) == (True, False)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not color.enabled(Terminal())
    monkeypatch.setenv("ST2_COLORIZE", "true")
    assert color.enabled(io.StringIO())
    monkeypatch.setenv("ST2_COLORIZE", "off")
    assert not color.enabled(Terminal())
    assert color.paint_status("failed (3s elapsed)") == "\033[91mfailed\033[0m (3s elapsed)"
    assert color.visible_length("\033[91mfailed\033[0m") == 6


def test_elapsed_and_masks() -> None:
    done = Execution(status="succeeded", start_timestamp="2026-01-01T00:00:00Z", end_timestamp="2026-01-01T00:01:05Z")
    assert execution.with_elapsed(done).status == "succeeded (65s elapsed)"
    assert execution.with_elapsed(Execution(status="delayed")).status == "delayed"
    assert execution.with_elapsed(Execution(status="running", start_timestamp="soon")).status == "running"
    given = {"password": "x", "private_key": "y", "cmd": "z"}
    assert execution.mask_parameters(given) == {"password": "********", "private_key": "********", "cmd": "z"}
    assert given["password"] == "x"


def test_task_rows_are_a_tree() -> None:
    def child(name: str, parent: str, **more: Any) -> Execution:
        context = {"orquesta": {"task_name": f"task {name}"}}
        return Execution(id=name, parent=parent, status="running", action={"ref": "a.b"}, context=context, **more)

    children = [child("1", "root", children=["2"]), child("2", "1"), child("3", "root")]
    rows = execution.task_rows([child("1", "root", children=["2"]), child("2", "1"), child("3", "root")], "root")
    assert [row.id for row in rows] == ["+ 1", "   2", "  3"]
    assert [row.task for row in rows] == ["task 1", "task 2", "task 3"]
    assert [row.id for row in execution.task_rows(children, "root", plain=True)] == ["1", "2", "3"]


def test_schema_of_a_result() -> None:
    assert infer({"a": 1, "b": {"c": None}, "d": True}) == {
        "a": {"type": "integer"},
        "b": {"type": "object", "properties": {"c": {"type": "null"}}},
        "d": {"type": "boolean"},
    }
