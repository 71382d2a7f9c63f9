"""Our own command line and bindings against running deployments."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from st2client.client import Client
from st2client.models import LiveAction
from tests.acceptance.harbor import Harbor, wait_until
from tests.acceptance.upstream import UpstreamCli
from tests.processes import PATIENCE
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


def test_rules_and_what_they_lead_to(ours: UpstreamCli, harbor: Harbor, tmp_path: Path) -> None:
    file = tmp_path / "gate.yaml"
    file.write_text(
        "{name: gate, pack: default, enabled: true, trigger: {type: core.st2.webhook, parameters: {url: gate}},"
        " action: {ref: core.echo, parameters: {message: '{{ trigger.body.who }}'}}}"
    )
    created = ours("rule", "create", str(file), "-j").json
    assert ours("rule", "update", "default.gate", str(file), "-j").json["id"] == created["id"]
    assert ours("webhook", "get", "gate", "-j").json["ref"] == created["trigger"]["ref"]
    assert "gate" in ours("webhook", "list").stdout
    assert created["trigger"]["ref"] in ours("trigger", "getspecs", "core.st2.webhook", "-j").text
    assert ours("rule", "disable", "default.gate", "-j").json["enabled"] is False
    assert ours("rule", "enable", "default.gate", "-j").json["enabled"] is True
    assert "core.echo" in ours("rule", "list", "-p", "default", "--iftt").stdout

    harbor.call("POST", "/webhooks/gate", {"who": "Ada"})
    wait_until(lambda: bool(ours("rule-enforcement", "list", "--rule", "default.gate", "-j").json), "nothing enforced")
    [enforced] = ours("rule-enforcement", "list", "--rule", "default.gate", "-j").json
    assert ours.wait(enforced["execution_id"], "succeeded")["result"]["stdout"] == "Ada"
    instance_id = enforced["trigger_instance_id"]
    trace = ours("trace", "list", "-e", enforced["execution_id"]).stdout
    assert all(word in trace for word in (instance_id, "default.gate", "core.echo"))
    assert "default.gate" in ours("trace", "get", instance_id, "--show-rules").stdout
    assert "succesfully re-sent" in ours("trigger-instance", "re-emit", instance_id).stdout
    assert ours("trigger-instance", "get", instance_id, "-j").json["payload"]["body"] == {"who": "Ada"}
    assert "successfully deleted" in ours("rule", "delete", "default.gate").stdout
    assert "is not found" in ours("rule", "get", "default.gate", check=1).text


def test_what_packs_bring(ours: UpstreamCli, harbor: Harbor) -> None:
    assert ours("sensor", "get", "harbor.TideSensor", "-j").json["trigger_types"] == ["harbor.tide"]
    assert "harbor.moor.retry_on_timeout" in ours("policy", "list", "-r", "harbor.moor").stdout
    assert "retry" in ours("policy-type", "list").stdout
    assert "harbor_moor" in ours("action-alias", "match", "harbor moor Aurora at 3").stdout
    started = ours("action-alias", "execute", "harbor moor Aurora at 3").stdout
    assert ours.wait(started.split()[-1], "succeeded")["result"]["result"]["berth"] == 3
    assert "ship - Aurora;" in ours("action-alias", "test", "harbor moor Aurora at 3").stdout
    assert "no terminal" in ours("pack", "config", "harbor", check=1).text


def test_chains(ours: UpstreamCli, harbor: Harbor, tmp_path: Path) -> None:
    tasks = ours("run", "harbor.round", "--show-tasks").stdout.partition("+----")[2]
    assert [line.split("|")[3].strip() for line in tasks.splitlines() if "succeeded" in line] == [
        "moor", "look", "wait", "last",
    ]  # fmt: skip
    gate = tmp_path / "gate"
    execution_id = ours.start("harbor.round", f"gate={gate}")
    tail = ours.popen("execution", "tail", execution_id)
    assert tail.stdout
    assert any(line == "waiting\n" for line in tail.stdout)
    gate.touch()
    rest, _ = tail.communicate(timeout=PATIENCE)
    assert "(task=last)" in rest
    assert f"{execution_id} has completed (status=succeeded)." in rest


def test_the_server(ours: UpstreamCli, tmp_path: Path) -> None:
    assert "rulesengine" in ours("service-registry", "group", "list").stdout
    members = ours("service-registry", "member", "list", "--group-id", "api", "-j").json
    assert {row["group_id"] for row in members} == {"api"}
    assert "observer" in ours("role", "list").stdout
    assert "No matching items found" in ours("role-assignment", "list").stdout
    (tmp_path / "workflow.yaml").write_text("version: 1.0\n")
    assert "orquesta" in ours("workflow", "inspect", "--file", str(tmp_path / "workflow.yaml"), check=1).text


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
