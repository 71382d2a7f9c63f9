"""Commands that ask: inquiries, pack configurations, confirmations; and what traces show."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from st2client import forms, shell
from st2client.errors import UsageError
from tests.servers.api import ID, FakeApi
from tests.unit.st2client.conftest import Cli


class Terminal(io.StringIO):
    """Typed lines."""

    def isatty(self) -> bool:
        return True


def typing(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(text))


def test_forms(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    properties: dict[str, dict[str, Any]] = {
        "name": {"type": "string", "required": True, "description": "Who?"},
        "count": {"type": "integer", "default": 3},
        "size": {"type": "integer"},
        "go": {"type": "boolean"},
        "color": {"enum": ["red", "blue"]},
        "many": {"type": "array", "items": {"enum": ["a", "b", "c"]}},
        "deep": {"type": "object", "properties": {"x": {"type": "number"}}},
        "skipped": {"type": "string"},
    }
    typing(monkeypatch, "\nBob\n\nlots\n5\nyes\n7\n1\n0, c\n1.5\n\n")
    assert forms.ask(properties) == {
        "name": "Bob", "count": 3, "size": 5, "go": True, "color": "blue", "many": ["a", "c"], "deep": {"x": 1.5},
    }  # fmt: skip
    asked = capsys.readouterr()
    assert asked.out == ""
    assert "Who?\nname (string; required): name is required." in asked.err
    assert 'must be of type integer, got "lots"' in asked.err
    assert '"7" is none of: red, blue.' in asked.err
    assert "color (0: red, 1: blue): " in asked.err


def test_forms_need_a_terminal_and_its_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("x\n"))
    with pytest.raises(UsageError, match="no terminal"):
        forms.ask({"a": {}})
    typing(monkeypatch, "")
    with pytest.raises(UsageError, match="ended"):
        forms.ask({"a": {}})


def test_inquiries_are_answered_field_by_field(api: FakeApi, home: object, monkeypatch: pytest.MonkeyPatch) -> None:
    api.answers["GET", "/inquiries/x"] = 200, {"id": ID, "schema": {"properties": {"go": {"type": "boolean"}}}}
    typing(monkeypatch, "yes\n")
    assert shell.main(["inquiry", "respond", "x"]) == 0
    assert api.bodies[-1] == {"id": "x", "response": {"go": True}}


def test_pack_config(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    typing(monkeypatch, "8080\nn\ny\n")
    assert shell.main(["pack", "config", "core"]) == 0
    assert (api.requests[-1], api.bodies[-1]) == ("PUT /configs/core", {"port": 8080})
    typing(monkeypatch, "8080\nn\nn\n")
    assert shell.main(["pack", "config", "core"]) == 2
    assert api.requests[-1] == "GET /config_schemas/core"


def test_pack_config_can_be_edited(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    typing(monkeypatch, "8080\ny\ny\n")
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "sed -i s/8080/9090/")
    assert shell.main(["pack", "config", "core"]) == 0
    assert api.bodies[-1] == {"port": 9090}
    typing(monkeypatch, "8080\ny\ny\n")
    monkeypatch.setenv("EDITOR", "false")
    assert shell.main(["pack", "config", "core"]) == 2


def test_packs_without_a_schema(api: FakeApi, cli: Cli) -> None:
    assert "doesn't have a config schema" in cli("pack", "config", "missing").err


def test_clone_asks_before_it_replaces(api: FakeApi, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = cli("action", "clone", "core.local", "mine", "there")
    assert outcome.out == "Action is not cloned.\n"
    assert "--force" in outcome.err
    monkeypatch.setattr("builtins.input", lambda _: "y")
    typing(monkeypatch, "")
    assert shell.main(["action", "clone", "core.local", "mine", "there"]) == 0
    assert api.bodies[-1]["overwrite"] is True


def test_values_come_from_the_input(api: FakeApi, cli: Cli) -> None:
    cli("key", "set", "-e", "a", stdin="line one\nline two\n")
    assert api.bodies[-1]["value"] == "line one\nline two"
    cli("key", "set", "a", "")
    assert api.bodies[-1]["value"] == ""


def test_traces(api: FakeApi, cli: Cli) -> None:
    def ids(*words: str) -> list[str]:
        lines = cli("trace", *words).out.split("\n")
        return [line.split("|")[1].strip() for line in lines if line.startswith("|")][1:]

    assert ids("get", "x") == ids("list") == ["t1", "r1", "e1"]
    assert ids("get", "x", "-e", "e1") == ["t1", "r1", "e1"]
    assert ids("get", "x", "-r", "r1") == ["t1", "r1"]
    assert ids("get", "x", "-g", "none") == []
    assert ids("get", "x", "--show-rules") == ["r1"]
    assert ids("get", "x", "-n") == ["t1", "r1", "e1"]
    assert "trace_tag: tag" in cli("trace", "get", "x").out
    assert "| uid " in cli("trace", "list", "-a", "uid").out
