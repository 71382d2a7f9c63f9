"""What stands between an event and its execution, with the unmodified upstream client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.harbor import Harbor
from tests.acceptance.upstream import UpstreamCli

pytestmark = pytest.mark.slow

DELETED = "has been successfully deleted"


def write(path: Path, content: dict[str, Any]) -> str:
    """Write what a command takes a file of, and give its name."""
    path.write_text(json.dumps(content))
    return str(path)


class TestRules:
    RULE = {
        "name": "door",
        "pack": "default",
        "description": "Opens the door",
        "enabled": True,
        "trigger": {"type": "core.st2.webhook", "parameters": {"url": "door"}},
        "criteria": {"trigger.body.who": {"type": "eq", "pattern": "Ada"}},
        "action": {"ref": "core.echo", "parameters": {"message": "{{ trigger.body.who }}"}},
    }

    def test_life(self, st2: UpstreamCli, harbor: Harbor, tmp_path: Path) -> None:
        file = write(tmp_path / "door.json", self.RULE)
        created = st2("rule", "create", file, "-j").json
        assert (created["ref"], created["enabled"]) == ("default.door", True)
        assert "409 Client Error: Conflict" in st2("rule", "create", file, check=2).text
        assert "door" in [row["parameters"]["url"] for row in st2("webhook", "list", "-a", "all", "-j").json]
        assert st2("webhook", "get", "door", "-j").json["ref"] == created["trigger"]["ref"]

        write(tmp_path / "door.json", {**self.RULE, "description": "Opens it"})
        assert st2("rule", "update", "default.door", file, "-j").json["id"] == created["id"]
        assert st2("rule", "disable", "default.door", "-j").json["enabled"] is False
        disabled = st2("rule", "list", "--disabled", "-p", "default", "-j").json
        assert [(row["ref"], row["description"]) for row in disabled] == [("default.door", "Opens it")]
        assert st2("rule", "enable", "default.door", "-j").json["enabled"] is True
        assert st2("rule", "get", "default.door", "-j").json["criteria"] == self.RULE["criteria"]
        of_action = st2("rule", "list", "-c", "core.echo", "-p", "default", "-j").json
        of_trigger = st2("rule", "list", "-g", created["trigger"]["ref"], "--enabled", "-j").json
        assert [row["ref"] for row in of_action + of_trigger] == ["default.door", "default.door"]
        table = st2("rule", "list", "-p", "default", "--iftt").stdout
        assert created["trigger"]["ref"] in table

        harbor.call("POST", "/webhooks/door", {"who": "Ada"})
        [enforced] = harbor.rows("rule-enforcement", "list", "--rule", "default.door")
        self.check_traces(st2, enforced, created["id"])

        assert DELETED in st2("rule", "delete", "default.door").stdout
        assert 'Rule "default.door" is not found.' in st2("rule", "delete", "default.door", check=2).text
        assert 'Rule "default.door" is not found.' in st2("rule", "get", "default.door", check=1).text
        assert 'Webhook "door" is not found.' in st2("webhook", "get", "door", check=1).text

    def check_traces(self, st2: UpstreamCli, enforced: dict[str, Any], rule_id: str) -> None:
        instance_id, execution_id = enforced["trigger_instance_id"], enforced["execution_id"]
        st2.wait(execution_id, "succeeded")
        one = st2("rule-enforcement", "get", enforced["id"], "-j").json
        assert (one["rule"]["ref"], one["execution_id"]) == ("default.door", execution_id)
        for option, value in (("--execution", execution_id), ("--trigger-instance", instance_id)):
            assert [row["id"] for row in st2("rule-enforcement", "list", option, value, "-j").json] == [enforced["id"]]

        listed = st2("trace", "list", "-e", execution_id).stdout
        assert all(word in listed for word in (instance_id, rule_id, execution_id, "core.echo"))
        causes = st2("trace", "get", instance_id, "-e", execution_id).stdout
        assert all(word in causes for word in ("trigger-instance", "| rule ", "| execution "))
        only = st2("trace", "get", instance_id, "--show-rules").stdout
        assert ("default.door" in only, "core.echo" in only) == (True, False)
        assert any(row["id"] == instance_id for row in st2("trace", "list", "-n", "10", "-j").json)

    def test_what_is_no_rule(self, st2: UpstreamCli, tmp_path: Path) -> None:
        criteria = {"trigger.body.who": {"type": "resembles", "pattern": "Ada"}}
        file = write(tmp_path / "bad.json", {**self.RULE, "criteria": criteria})
        answer = st2("rule", "create", file, check=2)
        assert "400 Client Error: Bad Request" in answer.text
        assert "resembles" in answer.text


class TestTraces:
    def test_executions_are_put_into_one(self, st2: UpstreamCli) -> None:
        first = st2("run", "core.noop", "--trace-tag", "voyage", "-j").json["id"]
        trace = st2("trace", "list", "-c", "voyage", "-a", "all", "-j").json  # of a single one, this client shows all
        second = st2("run", "core.noop", "--trace-id", trace["id"], "-j").json["id"]
        shown = st2("trace", "get", trace["id"], "--show-executions").stdout
        assert (first in shown, second in shown) == (True, True)
        unknown = st2("run", "core.noop", "--trace-id", "0" * 24, check=1)
        assert "400 Client Error: Bad Request" in unknown.text


class TestTriggers:
    def test_life(self, st2: UpstreamCli, harbor: Harbor, tmp_path: Path) -> None:
        refs = [row["ref"] for row in st2("trigger", "list", "-p", "core", "-j").json]
        assert {"core.st2.webhook", "core.st2.IntervalTimer", "core.st2.generic.actiontrigger"} <= set(refs)
        bell = {"name": "bell", "pack": "default", "payload_schema": {"type": "object"}}
        file = write(tmp_path / "bell.json", bell)
        created = st2("trigger", "create", file, "-j").json
        write(tmp_path / "bell.json", {**bell, "description": "Somebody rang"})
        assert st2("trigger", "update", "default.bell", file, "-j").json["id"] == created["id"]
        assert st2("trigger", "get", "default.bell", "-j").json["description"] == "Somebody rang"
        assert [row["ref"] for row in st2("trigger", "getspecs", "default.bell", "-j").json] == ["default.bell"]

        harbor.call("POST", "/webhooks/st2", {"trigger": "default.bell", "payload": {"times": 2}})
        [rung] = harbor.rows("trigger-instance", "list", "--trigger", "default.bell")
        assert st2("trigger-instance", "get", rung["id"], "-j").json["payload"] == {"times": 2}
        again = st2("trigger-instance", "re-emit", rung["id"]).stdout
        assert f"Trigger instance {rung['id']} succesfully re-sent." in again
        payloads = [
            st2("trigger-instance", "get", row["id"], "-j").json["payload"]
            for row in st2("trigger-instance", "list", "--trigger", "default.bell", "-j").json
        ]
        assert {"times": 2, "__context": {"original_id": rung["id"]}} in payloads
        earlier = st2("trigger-instance", "list", "-tl", "2020-01-01T00:00:00Z", "--status", "processed", "-j")
        assert earlier.json == []

        assert DELETED in st2("trigger", "delete", "default.bell").stdout
        assert 'Trigger "default.bell" is not found.' in st2("trigger", "get", "default.bell", check=1).text


class TestTimers:
    def test_a_rule_makes_one(self, st2: UpstreamCli, harbor: Harbor, tmp_path: Path) -> None:
        parameters = {"unit": "seconds", "delta": 1}
        rule = {
            "name": "tick",
            "pack": "default",
            "enabled": True,
            "trigger": {"type": "core.st2.IntervalTimer", "parameters": parameters},
            "action": {"ref": "core.noop"},
        }
        st2("rule", "create", write(tmp_path / "tick.json", rule))
        [timer] = st2("timer", "list", "-ty", "core.st2.IntervalTimer", "-j").json
        assert timer["parameters"] == parameters
        assert st2("timer", "get", timer["id"], "-j").json["type"] == "core.st2.IntervalTimer"
        assert timer["id"] in st2("timer", "list").stdout
        enforced = harbor.rows("rule-enforcement", "list", "--rule", "default.tick")[0]
        payload = st2("trigger-instance", "get", enforced["trigger_instance_id"], "-j").json["payload"]
        assert set(payload) == {"executed_at", "schedule"}
        st2("rule", "delete", "default.tick")
        assert "No matching items found" in st2("timer", "list").stdout


class TestAliases:
    def test_life(self, st2: UpstreamCli, tmp_path: Path) -> None:
        alias = {"name": "knock", "pack": "default", "action_ref": "core.echo", "formats": ["knock {{ message }}"]}
        file = write(tmp_path / "knock.json", alias)
        created = st2("action-alias", "create", file, "-j").json
        write(tmp_path / "knock.json", {**alias, "description": "Knocks"})
        assert st2("action-alias", "update", "default.knock", file, "-j").json["id"] == created["id"]
        assert st2("action-alias", "get", "default.knock", "-j").json["formats"] == ["knock {{ message }}"]
        [row] = st2("action-alias", "list", "-p", "default", "-j").json
        assert (row["ref"], row["description"], row["enabled"]) == ("default.knock", "Knocks", True)
        assert "| knock | Knocks " in st2("action-alias", "match", "knock twice").stdout
        assert DELETED in st2("action-alias", "delete", "default.knock").stdout
        missing = st2("action-alias", "delete", "default.knock", check=2)
        assert 'Action Alias "default.knock" is not found.' in missing.text


class TestPolicies:
    def test_life(self, st2: UpstreamCli, tmp_path: Path) -> None:
        policy = {
            "name": "again",
            "pack": "default",
            "resource_ref": "core.echo",
            "policy_type": "action.retry",
            "parameters": {"retry_on": "failure"},
        }
        file = write(tmp_path / "again.json", policy)
        created = st2("policy", "create", file, "-j").json
        assert created["parameters"] == {"retry_on": "failure", "max_retry_count": 2, "delay": 0}
        write(tmp_path / "again.json", {**policy, "enabled": False})
        assert st2("policy", "update", "default.again", file, "-j").json["id"] == created["id"]
        assert st2("policy", "get", "default.again", "-j").json["enabled"] is False
        lists = [st2("policy", "list", *words, "-j").json for words in (("-r", "core.echo"), ("-pt", "action.retry"))]
        assert all("default.again" in [row["ref"] for row in rows] for rows in lists)
        assert "default.again" in st2("policy", "list", "-p", "default").stdout
        assert DELETED in st2("policy", "delete", "default.again").stdout

        write(tmp_path / "again.json", {**policy, "parameters": {"retry_on": "rain"}})
        assert "rain" in st2("policy", "create", file, check=2).text

    def test_types(self, st2: UpstreamCli) -> None:
        names = [row["name"] for row in st2("policy-type", "list", "-r", "action", "-j").json]
        assert names == ["concurrency", "concurrency.attr", "retry"]
        assert "max_retry_count" in st2("policy-type", "get", "action.retry").stdout
        assert 'Policy type "action.quota" is not found.' in st2("policy-type", "get", "action.quota", check=1).text


class TestTheServer:
    def test_services(self, st2: UpstreamCli) -> None:
        groups = {row["group_id"] for row in st2("service-registry", "group", "list", "-j").json}
        assert {"api", "auth", "stream", "actionrunner", "rulesengine", "sensorcontainer", "notifier"} <= groups
        [member] = st2("service-registry", "member", "list", "--group-id", "rulesengine", "-j").json
        assert member["capabilities"]["name"] == "rulesengine"
        assert member["member_id"] in st2("service-registry", "member", "list").stdout

    def test_roles(self, st2: UpstreamCli) -> None:
        assert [row["name"] for row in st2("role", "list", "-j").json] == ["admin", "observer", "system_admin"]
        assert st2("role", "get", "admin", "-j").json["system"] is True
        assert "system_admin" in st2("role", "list", "--system").stdout
        assert "No matching items found" in st2("role-assignment", "list", "-u", "st2admin").stdout
        assert "is not found" in st2("role-assignment", "get", "0" * 24, check=1).text

    def test_workflows_cannot_be_inspected_yet(self, st2: UpstreamCli, tmp_path: Path) -> None:
        file = tmp_path / "workflow.yaml"
        file.write_text("version: 1.0\ntasks: {}\n")
        answer = st2("workflow", "inspect", "--file", str(file), check=1)
        assert "400 Client Error: Bad Request" in answer.text
        assert "orquesta" in answer.text
