"""Our own command line and bindings against running deployments."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from st2client.client import Client
from st2client.models import LiveAction
from tests.acceptance.upstream import UpstreamCli
from tests.servers.deployment import Deployment


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory, deployment: Deployment) -> UpstreamCli:
    """Our client, logged in as administrator with a password from a pipe."""
    home = tmp_path_factory.mktemp("ours")
    program = Path(sys.executable).with_name("st2")
    cli = UpstreamCli(program, home, deployment.api_url, deployment.auth_url, deployment.stream_url)
    cli("login", deployment.user, stdin=deployment.password + "\n")
    return cli


def test_run_shows_the_result(ours: UpstreamCli) -> None:
    assert "  stdout: hello" in ours("run", "core.local", "echo", "hello").stdout
    assert ours("run", "-j", "core.local", "--", "echo", "-n", "x").json["result"]["stdout"] == "x"
    assert ours("run", "-k", "stdout", "core.local", "cmd=echo one; echo two").stdout == "one\ntwo\n"
    assert ours("run", "core.local", "false", check=1).code == 1


def test_tail_misses_nothing(ours: UpstreamCli) -> None:
    out = ours("run", "--tail", "core.local", "cmd=for i in 1 2 3 4; do echo line $i; sleep 0.2; done").stdout
    assert [line for line in out.split("\n") if line.startswith("line")] == [f"line {n}" for n in (1, 2, 3, 4)]
    assert "has completed (status=succeeded)." in out


def test_executions_can_be_cancelled_and_run_again(ours: UpstreamCli) -> None:
    execution_id = ours.start("core.local", "sleep", "60")
    assert f"{execution_id} canceled." in ours("execution", "cancel", execution_id).stdout
    ours.wait(execution_id, "canceled")
    again = ours("execution", "re-run", execution_id, "cmd=echo again", "-j").json
    assert again["result"]["stdout"] == "again"
    listed = ours("execution", "list", "-n", "2", "-j").json
    assert listed[-1]["id"] == again["id"]


def test_keys_and_api_keys(ours: UpstreamCli) -> None:
    ours("key", "set", "-e", "client.secret", "hunter2")
    assert ours("key", "get", "client.secret", "-d", "-j").json["value"] == "hunter2"
    assert "hunter2" not in ours("key", "list").stdout
    assert "Deleted 1 keys" in ours("key", "delete_by_prefix", "-p", "client.").stdout
    key = ours("apikey", "create", "-k").stdout.strip()
    assert json.loads(ours("whoami", "-j", "--api-key", key).stdout)["authentication"]["method"] == "API key"


def test_inquiries(ours: UpstreamCli) -> None:
    schema = '{"properties": {"go": {"type": "boolean", "required": true}}}'
    execution_id = ours.start("core.ask", f"schema={schema}")
    ours.wait(execution_id, "pending")
    assert execution_id in ours("inquiry", "list").stdout
    ours("inquiry", "respond", execution_id, "-r", '{"go": true}')
    assert ours.wait(execution_id, "succeeded")["result"]["response"] == {"go": True}


def test_packs_come_and_go(ours: UpstreamCli) -> None:
    assert "Good weather." in ours("pack", "search", "weather").stdout
    assert "actions   |  1" in ours("pack", "install", "sunny=1.0.0").stdout
    assert ours("pack", "install", "sunny", "-j").json["version"] == "2.0.0"
    result = ours("run", "packs.get", "pack=sunny", "-j").json["result"]["result"]
    assert (result["pack"]["name"], result["versions"]) == ("sunny", ["1.0.0", "2.0.0"])
    assert ours("pack", "remove", "sunny", "-j").json["ref"] == "sunny"
    answer = ours("pack", "remove", "core", check=1)
    assert '"core" comes with st2lite' in answer.text


def test_mistakes_are_explained(ours: UpstreamCli) -> None:
    for words in (
        ("run", "core.nothing"),
        ("run", "core.local"),
        ("execution", "get", "nonsense"),
        ("key", "get", "none"),
    ):
        answer = ours(*words, check=1)
        assert "ERROR: " in answer.stderr
        assert "Traceback" not in answer.text


def test_bindings(deployment: Deployment, ours: UpstreamCli) -> None:
    token = ours("auth", deployment.user, "-p", deployment.password, "-t").stdout.strip()
    with Client(api_url=deployment.api_url, stream_url=deployment.stream_url, token=token) as client:
        execution = client.executions.create(LiveAction(action="core.noop"))
        events = client.managers["Stream"].listen("st2.execution__*")
        client.executions.create(LiveAction(action="core.noop"))
        assert next(iter(events))["action"]["ref"] == "core.noop"
        assert client.executions.get_by_id(execution.id).action["ref"] == "core.noop"
        assert client.actions.get_by_name("noop").ref == "core.noop"
