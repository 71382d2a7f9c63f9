"""The WinRM runners against a WS-Management service."""

from __future__ import annotations

import base64
import json
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from st2lite.executions.protocol import Outcome, Run
from st2lite.runners import winrm
from tests.processes import PATIENCE
from tests.runs import Output, make_run, make_settings
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.web import Answer, WebServer
from tests.servers.wsman import PASSWORD, USER, Program, WsmanServer


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("tls"))


def says(*pieces: tuple[str, bytes], exit_code: int = 0) -> Callable[[str], Program]:
    return lambda line: Program(list(pieces), exit_code)


def a_run(server: WsmanServer, runner: str = "winrm-cmd", **parameters: Any) -> Run:
    given = {
        "host": "127.0.0.1",
        "port": server.port,
        "scheme": "http",
        "transport": "basic",
        "username": USER,
        "password": PASSWORD,
        **parameters,
    }
    return make_run(runner, given)


def execute(run: Run) -> Outcome:
    runner = winrm.create(make_settings(Path("/nonexistent")))
    try:
        return runner.run(run)
    finally:
        runner.close()


def test_a_command_and_its_surroundings() -> None:
    with WsmanServer(says(("stdout", b"one\r\n"), ("stderr", b"problem"), ("stdout", b"two\r\n"))) as server:
        run = a_run(server, cmd='dir "C:\\"', cwd="C:\\Users", env={"NAME": "wert é", "COUNT": 3})
        outcome = execute(run)
    assert outcome.status == "succeeded"
    assert outcome.result == {
        "succeeded": True, "failed": False, "return_code": 0, "stdout": "one\r\ntwo", "stderr": "problem",
    }  # fmt: skip
    assert server.commands == ['dir "C:\\"']
    shell = next(iter(server.shells.values()))
    assert (shell.working_directory, shell.codepage) == ("C:\\Users", "65001")
    assert shell.environment == {"NAME": "wert é", "COUNT": "3"}
    assert len(server.signals) == 1
    assert server.deleted == list(server.shells)
    assert isinstance(run.output, Output)
    assert run.output.text("stdout") == "one\r\ntwo\r\n"
    assert run.output.text("stderr") == "problem"


def test_a_failing_command_keeps_its_exit_code() -> None:
    with WsmanServer(says(exit_code=7)) as server:
        outcome = execute(a_run(server, cmd="exit 7"))
    assert (outcome.status, outcome.result["return_code"], outcome.result["failed"]) == ("failed", 7, True)


def test_json_and_characters_cut_in_two() -> None:
    text = '{"ä": "🙂"}'.encode()
    with WsmanServer(says(("stdout", text[:3]), ("stdout", text[3:9]), ("stdout", text[9:] + b"\r\n"))) as server:
        assert execute(a_run(server, cmd="x")).result["stdout"] == {"ä": "🙂"}


def test_powershell_goes_encoded() -> None:
    with WsmanServer(says(("stdout", b"5"))) as server:
        outcome = execute(a_run(server, "winrm-ps-cmd", cmd='Write-Output "5 ü $x"'))
    assert outcome.result["stdout"] == 5
    assert server.commands[0].startswith("powershell -encodedcommand ")
    assert server.scripts() == ['Write-Output "5 ü $x"']


CLIXML = (
    b'#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">'
    b'<Obj S="progress" RefId="0"><MS><I64 N="SourceId">1</I64></MS></Obj>'
    b'<S S="Error">Get-Item : No such thing_x000D__x000A_</S>'
    b'<S S="Error">  at line 1 _xD83D__xDE42__x000D__x000A_</S></Objs>'
)


def test_errors_of_powershell_become_readable() -> None:
    with WsmanServer(says(("stderr", CLIXML[:50]), ("stderr", CLIXML[50:]), exit_code=1)) as server:
        run = a_run(server, "winrm-ps-cmd", cmd="Get-Item nothing")
        outcome = execute(run)
    assert outcome.status == "failed"
    assert outcome.result["stderr"] == "Get-Item : No such thing\n  at line 1 🙂"
    assert isinstance(run.output, Output)
    assert run.output.text("stderr") == outcome.result["stderr"]


def test_progress_alone_is_no_error_and_other_text_stays() -> None:
    progress = CLIXML[: CLIXML.index(b"<S S=")] + b"</Objs>"
    with WsmanServer(says(("stderr", progress))) as server:
        assert execute(a_run(server, "winrm-ps-cmd", cmd="x")).result["stderr"] == ""
    with WsmanServer(says(("stderr", b"#< CLIXML\r\n<oops"))) as server:
        assert execute(a_run(server, "winrm-ps-cmd", cmd="x")).result["stderr"] == "#< CLIXML\r\n<oops"
    with WsmanServer(says(("stderr", CLIXML))) as server:
        assert "#< CLIXML" in execute(a_run(server, cmd="x")).result["stderr"]


SCHEMAS = {
    "Name": {"type": "string"},
    "Nothing": {"type": "string"},
    "Flag": {"type": "boolean"},
    "Off": {"type": "boolean"},
    "Many": {"type": "array"},
    "Table": {"type": "object"},
    "second": {"type": "number", "position": 1},
    "first": {"type": "string", "position": 0},
}
VALUES = {
    "Name": 'a "b" $c `d\n', "Nothing": None, "Flag": True, "Off": False, "Many": [1, "x", None],
    "Table": {"k": [True]}, "first": "eins", "second": 2.5,
}  # fmt: skip
ARGUMENTS = (
    '-Name "a `"b`" `$c ``d`n" -Nothing $null -Flag $true -Off $false -Many @(1, "x", $null) '
    '-Table @{"k" = @($true)} "eins" 2.5'
)


def script_run(server: WsmanServer, script: Path, values: dict[str, Any] | None = None, **parameters: Any) -> Run:
    run = a_run(server, "winrm-ps-script", **parameters)
    return make_run(
        "winrm-ps-script", run.runner_parameters, VALUES if values is None else values,
        schemas=SCHEMAS if values is None else {}, entry_point=script,
    )  # fmt: skip


def test_a_script_gets_its_arguments_as_literals(tmp_path: Path) -> None:
    script = tmp_path / "probe.ps1"
    script.write_text("\ufeffparam($Name)\nWrite-Output $Name # bye", encoding="utf-8")
    with WsmanServer(says(("stdout", b"done"))) as server:
        outcome = execute(script_run(server, script))
    assert outcome.status == "succeeded"
    assert server.scripts() == ["& {\nparam($Name)\nWrite-Output $Name # bye\n} " + ARGUMENTS]


class Windows:
    """Does with the files of an upload what the command prompt would do."""

    def __init__(self, refuse: str = "") -> None:
        self.files: dict[str, str] = {}
        self.refuse = refuse

    def __call__(self, line: str) -> Program:
        if self.refuse and self.refuse in line:
            return Program([("stderr", b"disk full")], 1)
        if line.startswith(">>"):
            name, _, text = line.removeprefix('>>"%TEMP%\\').partition('" echo ')
            self.files[name] = self.files.get(name, "") + text + "\r\n"
        elif line.startswith("del "):
            self.files.pop(line.partition("%TEMP%\\")[2].rstrip('"'))
        return Program([("stdout", b"ran")] if line.startswith("powershell") else [], 0)


def test_what_no_command_line_can_hold_is_uploaded(tmp_path: Path) -> None:
    script = tmp_path / "long.ps1"
    script.write_text("# ü\n" + "Write-Output 'line'\n" * 3000)
    windows = Windows()
    with WsmanServer(windows) as server:
        outcome = execute(script_run(server, script, {"Name": "x"}))
    assert (outcome.status, outcome.result["stdout"]) == ("succeeded", "ran")
    assert max(map(len, server.commands)) <= 8191
    [(name, content)] = windows.files.items()
    assert base64.b64decode(content).decode() == f'& {{\n{script.read_text()}\n}} -Name "x"'
    [carrier] = server.scripts()
    assert name in carrier
    assert carrier.index("Remove-Item") < carrier.index("[ScriptBlock]::Create($text)")
    assert len(server.signals) == len(server.commands)


def test_a_failed_upload_runs_nothing_and_leaves_nothing() -> None:
    windows = Windows(refuse="AAAA")
    with WsmanServer(windows) as server:
        outcome = execute(a_run(server, "winrm-ps-cmd", cmd="x" * 9000 + "\0" * 9000))
    assert outcome.status == "failed"
    assert "disk full" in outcome.result["error"]
    assert server.scripts() == []
    assert windows.files == {}


def test_time_is_up(later: Callable[[Callable[[], object]], int]) -> None:
    output = Output()
    limit = later(lambda: output.pieces)
    with WsmanServer(lambda line: Program([("stdout", b"so far")], hangs=True)) as server:
        outcome = execute(replace(a_run(server, cmd="pause", timeout=limit), output=output))
    assert outcome.status == "timeout"
    assert outcome.result == {
        "succeeded": False, "failed": True, "return_code": -1, "stdout": "so far", "stderr": "",
        "error": f"Action failed to complete in {limit} seconds",
    }  # fmt: skip
    assert len(server.signals) == 1
    assert server.deleted == list(server.shells)


def test_a_silent_command_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("st2lite.runners.winrm_shell._POLL_SECONDS", 1)
    program = Program(hangs=True)

    def wake(line: str) -> Program:
        threading.Timer(1.5, lambda: setattr(program, "hangs", False)).start()
        return program

    with WsmanServer(wake) as server:
        assert execute(a_run(server, cmd="slow", timeout=300)).status == "succeeded"


def test_cancellation_ends_the_command_on_the_host() -> None:
    with WsmanServer(lambda line: Program(hangs=True)) as server:
        run = a_run(server, cmd="pause")
        outcomes: list[Outcome] = []
        thread = threading.Thread(target=lambda: outcomes.append(execute(run)))
        thread.start()
        assert server.receiving.wait(PATIENCE)
        run.cancellation.request()
        thread.join(PATIENCE)
    assert [outcome.status for outcome in outcomes] == ["canceled"]
    assert len(server.signals) == 1
    assert server.deleted == list(server.shells)


@pytest.mark.parametrize("transport", ["basic", "plaintext", "ssl"])
def test_tls(certificates: Certificates, monkeypatch: pytest.MonkeyPatch, transport: str) -> None:
    with WsmanServer(says(("stdout", b"ok")), certificates) as server:
        given = {"cmd": "x", "scheme": "https", "transport": transport}
        refused = execute(a_run(server, **given))
        assert refused.status == "failed"
        assert "certificate" in refused.result["error"].lower()
        assert execute(a_run(server, **given, verify_ssl_cert=False)).result["stdout"] == "ok"
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates.authority))
        assert execute(a_run(server, **given)).result["stdout"] == "ok"


@pytest.mark.parametrize("secure", [True, False])
def test_ntlm(tmp_path: Path, certificates: Certificates, secure: bool) -> None:
    with WsmanServer(
        says(("stdout", "grüße".encode())), certificates if secure else None, "ntlm", tmp_path / "users"
    ) as server:
        given = {"cmd": "x", "transport": "ntlm", "scheme": "https" if secure else "http", "verify_ssl_cert": False}
        outcome = execute(a_run(server, **given))
        wrong = execute(a_run(server, **{**given, "password": "wrong-secret"}))
    assert outcome.result["stdout"] == "grüße", outcome.result
    # Without TLS no message may be readable.
    assert any(b"CommandLine" in request.body for request in server.requests) == secure
    assert wrong.status == "failed"
    assert "refused" in wrong.result["error"]


def test_wrong_credentials_and_no_server() -> None:
    with WsmanServer(says()) as server:
        refused = execute(a_run(server, cmd="x", password="wrong-secret"))
    assert refused.status == "failed"
    assert set(refused.result) == {"succeeded", "failed", "return_code", "stdout", "stderr", "error"}
    assert "login as 'Administrator' by basic was refused" in refused.result["error"]
    gone = execute(a_run(server, cmd="x"))
    assert (gone.status, gone.result["return_code"]) == ("failed", -1)
    assert "cannot be reached" in gone.result["error"]


def test_a_server_that_is_not_winrm() -> None:
    with WebServer() as web:
        run = make_run(
            "winrm-cmd",
            {"host": "127.0.0.1", "port": web.port, "scheme": "http", "transport": "basic", "username": "u",
             "password": "p", "cmd": "x"},
        )  # fmt: skip
        assert execute(run).status == "failed"
        web.routes["/wsman"] = web.routes["/echo"]
        outcome = execute(run)
    assert "did not answer as a WinRM service does" in outcome.result["error"]


def test_a_server_that_never_answers() -> None:
    with WebServer() as web:
        web.routes["/wsman"] = lambda request: Answer(500 if web.stopping.wait(PATIENCE) else 501)
        run = make_run(
            "winrm-cmd",
            {"host": "127.0.0.1", "port": web.port, "scheme": "http", "transport": "basic", "username": "u",
             "password": "p", "cmd": "x", "timeout": 1},
        )  # fmt: skip
        assert execute(run).status == "timeout"


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"host": ""}, "host"),
        ({"host": "https://win/"}, "host"),
        ({"host": "user@win"}, "host"),
        ({"username": None}, "username"),
        ({"password": ""}, "password"),
        ({"port": 0x10000}, "port"),
        ({"scheme": "ftp"}, "scheme"),
        ({"transport": "carrier-pigeon"}, "carrier-pigeon"),
        ({"transport": "certificate"}, "certificate"),
        ({"transport": "kerberos"}, "kerberos"),
        ({"transport": "credssp"}, "credssp"),
        ({"cmd": ""}, "cmd"),
        ({"env": {"A=B": "x"}}, "env"),
    ],
)
def test_bad_parameters_are_named(parameters: dict[str, Any], word: str) -> None:
    with WsmanServer(says()) as server:
        outcome = execute(a_run(server, **{"cmd": "x", **parameters}))
    assert outcome.status == "failed"
    assert word in outcome.result["error"]
    assert server.commands == []


def test_port_5985_means_http(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"host": "::1", "username": "u", "password": "p", "port": 5985, "scheme": "https"}
    assert winrm._host(given).url == "http://[::1]:5985/wsman"
    assert winrm._host({**given, "port": None, "scheme": None, "host": "win"}).url == "https://win:5986/wsman"


def test_a_script_action_without_a_script(tmp_path: Path) -> None:
    with WsmanServer(says()) as server:
        assert "entry_point" in execute(a_run(server, "winrm-ps-script")).result["error"]
        gone = make_run("winrm-ps-script", a_run(server).runner_parameters, entry_point=tmp_path / "gone.ps1")
        assert "does not exist" in execute(gone).result["error"]


def test_secrets_stay_out_of_logs_and_results(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with WsmanServer(says(("stdout", b"ok"))) as server:
        outcomes = [execute(a_run(server, cmd="x")), execute(a_run(server, cmd="x", password="wrong-secret"))]
    assert [outcome.status for outcome in outcomes] == ["succeeded", "failed"]
    everything = caplog.text + json.dumps([outcome.result for outcome in outcomes])
    assert PASSWORD not in everything
    assert "wrong-secret" not in everything
