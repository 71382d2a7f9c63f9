"""A pack as the public ones are, from its installation to its rules, with the unmodified upstream client."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.harbor import Harbor
from tests.acceptance.upstream import UpstreamCli

pytestmark = pytest.mark.slow


class TestActions:
    def test_all_that_can_run_is_there(self, st2: UpstreamCli, harbor: Harbor) -> None:
        refs = {action["ref"] for action in st2("action", "list", "-p", "harbor", "-j").json}
        assert refs == {"harbor.gauge", "harbor.log.append", "harbor.moor", "harbor.round"}
        pack = st2("pack", "get", "harbor", "-j").json
        assert (pack["name"], pack["version"]) == ("Harbor", "2.1.0")

    def test_a_class_of_the_pack_with_its_configuration(self, st2: UpstreamCli, harbor: Harbor) -> None:
        result = st2("run", "harbor.moor", "ship=Aurora", "berth=3", "-j").json["result"]["result"]
        assert result == {"ship": "Aurora", "berth": 3, "port": "Port Example", "by": "radio", "known": True}
        fixed = st2("run", "harbor.moor", "ship=Aurora", "action=sink", check=1)
        assert "immutable" in fixed.text

    def test_the_python_client(self, st2: UpstreamCli, harbor: Harbor) -> None:
        for number in (1, 2):
            ended = st2("run", "harbor.log.append", f'entry={{"number": {number}}}', "ttl=600", "-j").json
        assert ended["result"]["result"]["logbook"] == [{"number": 1}, {"number": 2}]
        assert "harbor.log.append" in ended["result"]["result"]["actions"]
        assert st2("key", "delete", "logbook").code == 0

    def test_a_script_and_its_arguments(self, st2: UpstreamCli, harbor: Harbor) -> None:
        told = st2("run", "harbor.gauge", "exact=true", "-j").json["result"]["stdout"]
        assert told["arguments"] in (["--exact", "--depths=[1, 2]", "quay"], ["--depths=[1, 2]", "--exact", "quay"])
        assert (told["unit"], told["directory"], told["office"]) == ("m", "/tmp", "Office")


class TestAliases:
    def test_match_and_execute(self, st2: UpstreamCli, harbor: Harbor) -> None:
        assert "harbor_moor" in st2("action-alias", "match", "harbor moor Aurora at 3").stdout
        started = st2("action-alias", "execute", "please let Aurora into the harbor").stdout
        assert "Matching Action-alias: 'harbor.harbor_moor'" in started
        execution_id = started.split()[-1]
        assert st2.wait(execution_id, "succeeded")["parameters"]["ship"] == "Aurora"
        context = st2("execution", "get", execution_id, "--attr", "context", "-j").json["context"]
        assert context["source_channel"] == "cli"
        nothing = st2("action-alias", "match", "harbor sink Aurora", check=None)
        assert "Command 'harbor sink Aurora' matched no patterns" in nothing.text

    def test_what_the_chat_would_show(self, st2: UpstreamCli, harbor: Harbor) -> None:
        text = st2("action-alias", "test", "harbor moor Aurora at 3").stdout
        assert "ship - Aurora;" in text
        assert "berth - 3;" in text


class TestSensor:
    def test_from_the_gauge_to_the_ship(self, st2: UpstreamCli, harbor: Harbor) -> None:
        assert st2("sensor", "disable", "harbor.TideSensor", "-j").json["enabled"] is False
        assert {row["ref"] for row in st2("sensor", "list", "-p", "harbor", "-j").json} == {"harbor.TideSensor"}
        harbor.gauge.touch()
        assert st2("sensor", "enable", "harbor.TideSensor", "-j").json["enabled"] is True
        sensor = st2("sensor", "get", "harbor.TideSensor", "-j").json
        assert (sensor["poll_interval"], sensor["trigger_types"]) == (1, ["harbor.tide"])

        [enforced] = harbor.rows("rule-enforcement", "list", "--rule", "harbor.on_tide")
        ended = st2.wait(enforced["execution_id"], "succeeded")
        assert ended["result"]["result"]["ship"] == "Port Example 3"
        [happened] = st2("trigger-instance", "list", "--trigger", "harbor.tide", "-j").json
        assert happened["id"] == enforced["trigger_instance_id"]
        assert st2("key", "get", "harbor.TideSensor:last_level", "-j").json["value"] == "3"


class TestRules:
    def test_a_webhook_whose_rule_has_a_name_of_its_own_script(self, st2: UpstreamCli, harbor: Harbor) -> None:
        harbor.call("POST", "/webhooks/harbor/arrival", {"name": "other"})
        harbor.call("POST", "/webhooks/harbor/arrival", {"name": "st2"})
        [enforced] = harbor.rows("rule-enforcement", "list", "--rule", "harbor.on_arrival_到着")
        assert st2.wait(enforced["execution_id"], "succeeded")["result"]["stdout"] == "st2 application/json"

    def test_a_trigger_type_with_a_faulty_schema(self, st2: UpstreamCli, harbor: Harbor) -> None:
        harbor.call("POST", "/webhooks/st2", {"trigger": "harbor.storm", "payload": {"strength": 9, "signs": ["x"]}})
        [enforced] = harbor.rows("rule-enforcement", "list", "--rule", "harbor.on_storm")
        assert st2.wait(enforced["execution_id"], "succeeded")["result"]["stdout"] == 9

    def test_they_are_listed(self, st2: UpstreamCli, harbor: Harbor) -> None:
        rows = st2("rule", "list", "-p", "harbor", "--iftt", "-j").json
        assert {(row["trigger"]["ref"], row["action"]["ref"]) for row in rows} >= {("harbor.tide", "harbor.moor")}
        assert json.dumps(rows, ensure_ascii=False).count("harbor.on_") == 3
