"""What goes wrong is said in words, with what to do, and an exit code."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.servers.api import FakeApi, fault
from tests.servers.web import Answer
from tests.unit.st2client.conftest import Cli


def test_refused_requests(api: FakeApi, cli: Cli) -> None:
    api.answers["POST", "/executions"] = fault(400, "'cmd' is a required property")
    outcome = cli("run", "core.local")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == (
        "ERROR: 400 Client Error: Bad Request\n"
        f"MESSAGE: 'cmd' is a required property for url: {api.url}/v1/executions\n"
    )


@pytest.mark.parametrize(
    ("status", "text", "hint"),
    [(401, "401 Client Error", "st2 login <user>"), (403, "403 Client Error", "st2 whoami"),
     (500, "500 Server Error", "its log says why")],
)  # fmt: skip
def test_hints(api: FakeApi, cli: Cli, status: int, text: str, hint: str) -> None:
    api.answers["GET", "/timers"] = fault(status, "No.")
    outcome = cli("timer", "list")
    assert outcome.code == 1
    assert text in outcome.err
    assert hint in outcome.err


def test_connection_refused(home: Path, cli: Cli) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        outcome = cli("--api-url", f"{url}/v1", "action", "list")
    assert outcome.code == 1
    assert f"ERROR: No server answers at {url}: connection refused." in outcome.err
    assert "Is the server running?" in outcome.err
    assert "ST2_API_URL" in outcome.err


def test_unknown_host(home: Path, cli: Cli) -> None:
    assert '"nowhere.invalid"' in cli("--url", "http://nowhere.invalid", "action", "list").err


@pytest.mark.parametrize("url", ["nonsense", "ftp://host/v1", "http://"])
def test_not_a_url(home: Path, cli: Cli, url: str) -> None:
    outcome = cli("--api-url", url, "action", "list")
    assert outcome.code == 1
    assert "is not a URL of a server" in outcome.err


def test_https_to_a_plain_server(api: FakeApi, cli: Cli) -> None:
    url = api.url.replace("http:", "https:")
    assert "Does this port speak https?" in cli("--api-url", f"{url}/v1", "action", "list").err


def test_something_else_answers(api: FakeApi, cli: Cli) -> None:
    api.answers["GET", "/actions"] = lambda _: Answer(200, b"<html>welcome</html>")
    outcome = cli("action", "list")
    assert outcome.code == 1
    assert "Expected JSON from" in outcome.err
    assert "<html>welcome" in outcome.err


@pytest.mark.parametrize("document", [[], "text", None, 5])
def test_answers_of_another_shape(api: FakeApi, cli: Cli, document: object) -> None:
    api.answers["GET", "/rules/x"] = 200, document
    api.answers["GET", "/timers"] = 200, [document]
    assert "Expected an object from" in cli("rule", "get", "x").err
    assert "Expected an object from" in cli("timer", "list").err
    api.answers["GET", "/timers"] = 200, {}
    assert "Expected a list from" in cli("timer", "list").err


def test_empty_names(api: FakeApi, cli: Cli) -> None:
    for line in (("key", "get", ""), ("action", "delete", ""), ("execution", "cancel", "")):
        outcome = cli(*line)
        assert outcome.code == 1
        assert "is empty" in outcome.err
    assert api.requests == []


def test_arguments_that_are_not_text(api: FakeApi, cli: Cli) -> None:
    outcome = cli("run", "core.local", "\udcff")
    assert outcome.code == 1
    assert "is not UTF-8 text" in outcome.err
    cli("run", "core.local", "\udcc3\udca9")
    assert api.bodies[2]["parameters"] == {"cmd": "é"}


@pytest.mark.parametrize("line", ["action get core.missing", "execution get missing", "key get missing"])
def test_one_missing_thing_fails(api: FakeApi, cli: Cli, line: str) -> None:
    outcome = cli(*line.split())
    assert (outcome.code, outcome.out) == (1, "")
    assert "is not found." in outcome.err


def test_a_missing_one_of_several_is_mentioned(api: FakeApi, cli: Cli) -> None:
    outcome = cli("action", "get", "core.missing", "core.local")
    assert outcome.code == 0
    assert "core.missing" in outcome.err
    assert "core.local" in outcome.out


def test_malformed_ids_are_missing_things(api: FakeApi, cli: Cli) -> None:
    api.answers["GET", "/rules/x"] = fault(400, "not an id")
    assert 'Rule "x" is not found.' in cli("rule", "get", "x").err


def test_server_errors_are_not_missing_things(api: FakeApi, cli: Cli) -> None:
    api.answers["GET", "/rules/x"] = fault(500, "Internal Server Error")
    assert "500 Server Error" in cli("rule", "get", "x").err


def test_operations_that_fail_end_with_two(api: FakeApi, cli: Cli, tmp_path: Path) -> None:
    assert cli("rule", "delete", "core.missing").code == 2
    path = tmp_path / "rule.json"
    path.write_text("{}")
    api.answers["POST", "/rules"] = fault(409, "exists")
    outcome = cli("rule", "create", str(path))
    assert outcome.code == 2
    assert "MESSAGE: exists" in outcome.err


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [("a.json", "{", "not valid JSON"), ("a.yaml", "a: [", "not valid YAML"), ("a.txt", "x", "Unsupported meta type"),
     ("a.json", "[]", "must hold one"), ("none.json", None, "does not exist")],
)  # fmt: skip
def test_files(api: FakeApi, cli: Cli, tmp_path: Path, name: str, text: str | None, reason: str) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    outcome = cli("rule", "create", str(path))
    assert outcome.code == 1
    assert reason in outcome.err
    assert api.requests == []


@pytest.mark.parametrize(
    "line",
    ["inquiry respond x -r {", "inquiry respond x -r []", "apikey create -m {", "apikey create -m 5",
     "key delete_by_prefix -p=", "inquiry respond x", "run core.local count=x", "execution get x --show-tasks"],
)  # fmt: skip
def test_mistakes_are_explained(api: FakeApi, cli: Cli, line: str) -> None:
    outcome = cli(*line.split())
    assert outcome.code == 1
    assert outcome.err.startswith("ERROR: ")
    assert "bug" not in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize(
    "line",
    ["execution list -n 0", "execution list -n x", "execution list -s up", "workflow inspect", "key set", "run",
     "execution re-run", "key set a b -e --encrypted"],
)  # fmt: skip
def test_usage(api: FakeApi, cli: Cli, line: str) -> None:
    outcome = cli(*line.split())
    assert (outcome.code, outcome.out) == (2, "")
    assert "usage: st2 " in outcome.err
    assert "--help" in outcome.err
    assert api.requests == []


def test_debug_shows_requests_but_no_secrets_and_a_traceback(api: FakeApi, cli: Cli) -> None:
    api.answers["PUT", "/keys/a"] = fault(500, "No.")
    outcome = cli("--debug", "key", "set", "a", "hunter2", "-t", "secret-token")
    assert f"# PUT {api.url}/v1/keys/a -> 500" in outcome.err
    assert "Traceback" in outcome.err
    assert "hunter2" not in outcome.err
    assert "secret-token" not in outcome.err


def test_line_breaks_do_not_get_into_headers(api: FakeApi, cli: Cli) -> None:
    outcome = cli("timer", "list", "-t", "a\r\nX-Evil: 1")
    assert outcome.code == 1
    assert api.requests == []


def test_limit_note(api: FakeApi, cli: Cli) -> None:
    api.headers["X-Total-Count"] = "70"
    outcome = cli("rule", "list", "-n", "50")
    assert "Only first 50 rules are displayed" in outcome.err
    assert "displayed" not in outcome.out
    assert cli("rule", "list", "-j").err == ""
