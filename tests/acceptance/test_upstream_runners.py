"""`st2 run` of the unmodified upstream client, for every runner."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.upstream import UpstreamCli
from tests.servers.sshd import SshServer, make_key
from tests.servers.web import WebServer
from tests.servers.wsman import PASSWORD, USER, Program, WsmanServer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SshServer, Path]]:
    directory = tmp_path_factory.mktemp("sshd")
    with SshServer(directory) as server:
        server.authorize(make_key(directory / "client"))
        yield server, directory / "client"


@pytest.fixture(scope="module")
def windows() -> Iterator[WsmanServer]:
    with WsmanServer(lambda line: Program([("stdout", b"from windows\r\n")])) as server:
        yield server


def result(st2: UpstreamCli, *words: str, code: int = 0) -> Any:
    execution = st2("run", *words, "-j", check=code).json
    assert execution["status"] == ("succeeded" if code == 0 else "failed"), execution
    return execution["result"]


def test_local_command(st2: UpstreamCli) -> None:
    answer = result(st2, "core.local", "echo hello; echo problem >&2")
    assert answer == {"succeeded": True, "failed": False, "return_code": 0, "stdout": "hello", "stderr": "problem"}


def test_local_command_that_fails(st2: UpstreamCli) -> None:
    assert result(st2, "core.local", "cmd=exit 3", code=1)["return_code"] == 3


def test_local_command_that_takes_too_long_is_no_error_of_the_client(st2: UpstreamCli) -> None:
    execution = st2("run", "core.local", "cmd=sleep 60", "timeout=1", "-j").json
    assert execution["status"] == "timeout"
    assert execution["result"]["error"] == "Action failed to complete in 1 seconds"


def test_local_script(st2: UpstreamCli) -> None:
    answer = result(st2, "probe.local_script", "name=it's", "loud=true", "items=x,y")
    named, positional = answer["stdout"].split("<x,y>")
    assert sorted(named.strip("<>").split("><")) == ["--loud", "--name=it's"]
    assert positional == " in probe"
    assert answer["stderr"] == "warning"


def test_remote_command(st2: UpstreamCli, ssh: tuple[SshServer, Path]) -> None:
    server, key = ssh
    words = ["hosts=127.0.0.1", f"port={server.port}", f"username={server.user}", f"private_key={key}"]
    assert result(st2, "core.remote", "cmd=echo there", *words)["127.0.0.1"]["stdout"] == "there"


def test_remote_script(st2: UpstreamCli, ssh: tuple[SshServer, Path]) -> None:
    server, key = ssh
    words = ["hosts=127.0.0.1", f"port={server.port}", f"username={server.user}", f"private_key={key}"]
    answer = result(st2, "probe.remote_script", *words)
    assert answer["127.0.0.1"]["stdout"] == "<--name=world><1,2> in probe"


def test_a_private_key_from_a_file_is_masked_in_what_is_shown(st2: UpstreamCli, ssh: tuple[SshServer, Path]) -> None:
    server, key = ssh
    words = ["hosts=127.0.0.1", f"port={server.port}", f"username={server.user}", f"@private_key={key}"]
    execution = st2("run", "core.remote", "cmd=true", *words, "-j").json
    assert execution["status"] == "succeeded"
    assert execution["parameters"]["private_key"] == "********"
    shown = st2("execution", "get", execution["id"], "--attr", "parameters", "-j").json
    assert shown["parameters"]["private_key"] == "********"


def test_python_script(st2: UpstreamCli) -> None:
    answer = result(st2, "probe.python", "message=grüße", "count=2")
    assert answer["result"] == {"messages": ["grüße", "grüße"], "user": "st2admin"}
    assert (answer["exit_code"], answer["stdout"]) == (0, "printed\n")
    assert "message is grüße" in answer["stderr"]
    assert st2("key", "get", "probe.Probe:last", "-j").json["value"] == "grüße"


def test_python_script_that_says_it_failed(st2: UpstreamCli) -> None:
    answer = result(st2, "probe.python", "message=x", "fail=true", code=1)
    assert answer["result"]["messages"] == ["x"]


def test_http_request(st2: UpstreamCli, tmp_path: Path) -> None:
    with WebServer() as web:
        answer = result(
            st2, "core.http", f"url={web.url('/echo')}", "method=POST", 'body={"a": 1}',
            "headers=Content-Type=application/json,X-Mine=yes",
        )  # fmt: skip
        assert (answer["status_code"], answer["parsed"]) == (200, True)
        assert answer["body"]["body"] == '{"a": 1}'
        assert answer["body"]["headers"]["X-Mine"] == "yes"
        assert result(st2, "core.http", f"url={web.url('/status/404')}", code=1)["status_code"] == 404
        (tmp_path / "notes.txt").write_text("attached")
        upload = result(st2, "core.http", f"url={web.url('/echo')}", f"@file={tmp_path / 'notes.txt'}")
        assert 'filename="notes.txt"' in upload["body"]["body"]


def test_noop(st2: UpstreamCli) -> None:
    assert result(st2, "core.noop") == {"failed": False, "succeeded": True, "return_code": 0}


def test_announcement(st2: UpstreamCli) -> None:
    answer = result(st2, "core.announcement", 'message={"text": "hi"}', "route=general")
    assert answer["output"]["message"] == {"text": "hi"}


def test_inquiry_waits(st2: UpstreamCli) -> None:
    execution = st2("run", "core.ask", "-j").json
    assert execution["status"] == "pending"
    assert execution["result"]["schema"]["properties"]["continue"]["type"] == "boolean"


@pytest.mark.parametrize("action", ["core.winrm_cmd", "core.winrm_ps_cmd"])
def test_windows_commands(st2: UpstreamCli, windows: WsmanServer, action: str) -> None:
    words = ["host=127.0.0.1", f"port={windows.port}", "scheme=http", "transport=basic", f"username={USER}"]
    execution = st2("run", action, "cmd=Get-Date", *words, f"password={PASSWORD}", "-j").json
    assert execution["status"] == "succeeded", execution
    assert execution["result"]["stdout"] == "from windows"
    assert execution["parameters"]["password"] == "********"


def test_windows_script(st2: UpstreamCli, windows: WsmanServer) -> None:
    words = ["host=127.0.0.1", f"port={windows.port}", "scheme=http", "transport=basic", f"username={USER}"]
    answer = result(st2, "probe.powershell_script", "name=ä", *words, f"password={PASSWORD}")
    assert answer["stdout"] == "from windows"
    assert '-name "ä"' in windows.scripts()[-1]


def test_tail_shows_the_output_as_it_comes(st2: UpstreamCli) -> None:
    answer = st2("run", "core.local", "cmd=for i in 1 2 3; do echo line $i; sleep 1; done", "--tail")
    lines = answer.stdout.splitlines()
    assert lines[0].startswith('Tailing execution "')
    assert [line for line in lines if line.startswith("line ")] == ["line 1", "line 2", "line 3"]
    assert "has completed (status=succeeded)." in answer.stdout


def test_a_run_in_the_background(st2: UpstreamCli) -> None:
    execution_id = st2.start("core.local", "cmd=echo later")
    assert st2.wait(execution_id, "succeeded")["result"]["stdout"] == "later"


def test_environment_user_and_trace_options(st2: UpstreamCli) -> None:
    inherited = st2("run", "core.local", "cmd=echo $PROBE_VARIABLE", "-e", "-j", PROBE_VARIABLE="inherited").json
    assert inherited["result"]["stdout"] == "inherited"
    traced = st2("run", "core.noop", "--trace-tag", "my-trace", "--attr", "context", "-j").json
    assert traced["context"]["trace_context"]["trace_tag"] == "my-trace"


def test_delay(st2: UpstreamCli) -> None:
    execution = st2("run", "core.noop", "--delay", "1500", "-j", check=None).json
    st2.wait(execution["id"], "succeeded")


def test_keys_and_attributes_of_the_result(st2: UpstreamCli) -> None:
    assert st2("run", "core.local", "cmd=echo just this", "-k", "stdout").stdout.strip(" .\n") == "just this"
    answer = st2("run", "core.local", "cmd=true", "--attr", "status", "result.return_code", "-j").json
    assert answer == {"result": {"return_code": 0}, "status": "succeeded"}


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["core.nosuch"], 1, 'Resource with id or reference "core.nosuch" doesn\'t exist'),
        (["core.local"], 1, "'cmd' is a required property"),
        (["core.local", "cmd=true", "timeout=-1"], 1, "timeout"),
        (["core.local", "cmd=true", "nosuch=1"], 1, "nosuch"),
        (["core.local", "cmd={{ 1 +"], 1, "cmd"),
        ([], 2, "usage"),
    ],
)
def test_what_cannot_run(st2: UpstreamCli, words: list[str], code: int, text: str) -> None:
    answer = st2("run", *words, check=code)
    assert text in answer.text
    assert "Traceback" not in answer.text


def test_help_of_an_action(st2: UpstreamCli) -> None:
    text = st2("run", "core.local", "-h", check=None).text
    assert "Required Parameters" in text
    assert "cmd" in text
    assert os.linesep in text
