"""The commands of the unmodified upstream client: what they print, and with which code they exit."""

from __future__ import annotations

import json
import re
import stat
import time
from pathlib import Path

import pytest

from st2lite.auth.api_keys import hash_key
from tests.acceptance.upstream import UpstreamCli
from tests.processes import PATIENCE
from tests.servers.deployment import Deployment

pytestmark = pytest.mark.slow


class TestLogin:
    def test_login_keeps_the_token(self, upstream: UpstreamCli, deployment: Deployment) -> None:
        answer = upstream("login", deployment.user, "--password", deployment.password)
        assert f"Logged in as {deployment.user}" in answer.stdout
        assert deployment.password not in (upstream.home / ".st2" / "config").read_text()
        token = upstream.home / ".st2" / f"token-{deployment.user}"
        assert stat.S_IMODE(token.stat().st_mode) & 0o007 == 0
        assert f'Currently logged in as "{deployment.user}"' in upstream("whoami").stdout

    def test_a_wrong_password(self, upstream: UpstreamCli, deployment: Deployment) -> None:
        answer = upstream("login", deployment.user, "--password", "wrong", check=1)
        assert f"Failed to log in as {deployment.user}" in answer.text
        assert "401" in answer.text

    def test_auth_prints_a_token_that_works(self, upstream: UpstreamCli, deployment: Deployment) -> None:
        token = upstream("auth", deployment.user, "-p", deployment.password, "-t").stdout.strip()
        assert re.fullmatch(r"[0-9a-f]{32}", token)
        answer = upstream("run", "core.noop", "-j", "-t", token)
        assert answer.json["context"]["user"] == deployment.user
        asked = upstream("auth", deployment.user, "-p", deployment.password, "-l", "60", "-j").json
        assert set(asked) >= {"user", "token", "expiry"}

    def test_a_lifetime_beyond_the_limit(self, upstream: UpstreamCli, deployment: Deployment) -> None:
        answer = upstream("auth", deployment.user, "-p", deployment.password, "-l", "999999999", check=1)
        assert "400" in answer.text
        assert "ttl" in answer.text.lower()

    def test_without_credentials_nothing_is_told(
        self, tmp_path: Path, upstream: UpstreamCli, deployment: Deployment
    ) -> None:
        answer = upstream("action", "list", check=1, HOME=str(tmp_path))
        assert "401 Client Error: Unauthorized" in answer.text
        refused = upstream("action", "list", "-t", "0" * 32, check=1)
        assert "401 Client Error: Unauthorized" in refused.text

    def test_whoami(self, st2: UpstreamCli) -> None:
        text = st2("whoami").stdout
        assert "Authentication method: authentication token" in text
        assert "Authentication token expire time: 20" in text
        assert "Enabled: False" in text


class TestActions:
    METADATA = "name: made\npack: default\nrunner_type: local-shell-cmd\ndescription: Made here\nenabled: true\n"

    def test_list(self, st2: UpstreamCli) -> None:
        refs = [action["ref"] for action in st2("action", "list", "-j").json]
        assert {"core.local", "core.remote", "core.http", "core.noop", "core.ask", "probe.python"} <= set(refs)
        assert refs == sorted(refs)
        only = {action["pack"] for action in st2("action", "list", "-p", "probe", "-j").json}
        assert only == {"probe"}
        assert "| core.local" in st2("action", "list", "--pack", "core").stdout

    def test_get(self, st2: UpstreamCli) -> None:
        action = st2("action", "get", "core.local", "-j").json
        assert (action["ref"], action["uid"], action["runner_type"]) == (
            "core.local", "action:core:local", "local-shell-cmd",
        )  # fmt: skip
        assert action["parameters"]["cmd"]["required"] is True
        assert st2("action", "get", action["id"], "-j").json["ref"] == "core.local"
        missing = st2("action", "get", "core.nosuch", check=1)
        assert 'Action "core.nosuch" is not found.' in missing.text

    def test_life(self, st2: UpstreamCli, tmp_path: Path) -> None:
        file = tmp_path / "made.yaml"
        file.write_text(self.METADATA + 'parameters: {cmd: {default: "echo first"}}\n')
        created = st2("action", "create", str(file), "-j").json
        assert created["ref"] == "default.made"
        assert st2("run", "default.made", "-j").json["result"]["stdout"] == "first"

        twice = st2("action", "create", str(file), check=2)
        assert "409 Client Error: Conflict" in twice.text

        file.write_text(self.METADATA + 'parameters: {cmd: {default: "echo second"}}\n')
        updated = st2("action", "update", "default.made", str(file), "-j").json
        assert updated["id"] == created["id"]
        assert st2("run", "default.made", "-j").json["result"]["stdout"] == "second"

        assert st2("action", "disable", "default.made", "-j").json["enabled"] is False
        assert "disabled" in st2("run", "default.made", check=1).text
        assert st2("action", "enable", "default.made", "-j").json["enabled"] is True

        cloned = st2("action", "clone", "default.made", "default", "copy", "-j").json
        assert (cloned["ref"], cloned["id"] != created["id"]) == ("default.copy", True)
        assert st2("run", "default.copy", "-j").json["result"]["stdout"] == "second"

        for ref in ("default.made", "default.copy"):
            deleted = st2("action", "delete", ref)
            assert "has been successfully deleted" in deleted.stdout
        assert 'Action "default.made" is not found.' in st2("action", "delete", "default.made", check=None).text

    @pytest.mark.parametrize(
        ("metadata", "word"),
        [
            ("name: x\npack: default\nrunner_type: no-such-runner\n", "no-such-runner"),
            ("pack: default\nrunner_type: noop\n", "name"),
            ("name: x\npack: default\nrunner_type: noop\nparameters: {a: {type: stringg}}\n", "type has to be"),
            ("name: x\npack: default\nrunner_type: noop\nenabled: maybe\n", "enabled"),
        ],
    )
    def test_what_is_no_action(self, st2: UpstreamCli, tmp_path: Path, metadata: str, word: str) -> None:
        file = tmp_path / "bad.yaml"
        file.write_text(metadata)
        answer = st2("action", "create", str(file), check=2)
        assert "400 Client Error: Bad Request" in answer.text
        assert word in answer.text

    def test_execute_runs_in_the_background(self, st2: UpstreamCli) -> None:
        text = st2("action", "execute", "core.noop").stdout
        assert "To get the results, execute" in text
        assert "st2 execution tail" in text


class TestExecutions:
    def test_list(self, st2: UpstreamCli) -> None:
        ids = [st2("run", "core.noop", "-j").json["id"] for _ in range(2)]
        rows = st2("execution", "list", "-n", "2", "-j").json
        assert [row["id"] for row in rows] == ids
        assert set(rows[0]) == {"id", "action", "context", "status", "start_timestamp", "end_timestamp"}
        newest = st2("execution", "list", "-n", "1", "--action", "core.noop", "--status", "succeeded", "-j").json
        assert newest[0]["id"] == ids[1]
        assert st2("execution", "list", "--action", "core.nosuch", "-j").json == []
        table = st2("execution", "list", "-n", "2")
        assert "Only first 2 action executions are displayed" in table.text
        assert "core.noop" in table.stdout

    def test_list_between_times(self, st2: UpstreamCli) -> None:
        started = st2("run", "core.noop", "-j").json
        later = st2("execution", "list", "-tg", started["start_timestamp"], "-j").json
        assert started["id"] not in [row["id"] for row in later]
        earlier = st2("execution", "list", "-tl", started["start_timestamp"], "-n", "-1", "-j").json
        assert started["id"] not in [row["id"] for row in earlier]

    def test_get(self, st2: UpstreamCli) -> None:
        failed = st2("run", "core.local", "cmd=echo no; exit 1", "-j", check=1).json
        shown = st2("execution", "get", failed["id"], "-j").json
        assert shown["result"] == failed["result"]
        assert [entry["status"] for entry in shown["log"]] == ["requested", "scheduled", "running", "failed"]
        assert "result" not in st2("execution", "get", failed["id"], "-x", "-j").json
        assert st2("execution", "get", failed["id"], "-k", "stdout").stdout.strip() == "no"
        assert "status: failed" in st2("execution", "get", "last").stdout
        detail = st2("execution", "get", failed["id"], "-d").stdout
        assert "runner_type" in detail or "Property" in detail
        missing = st2("execution", "get", "0" * 24, check=1)
        assert "not found" in missing.text

    def test_cancel(self, st2: UpstreamCli) -> None:
        execution_id = st2.start("core.local", "cmd=sleep 600")
        st2.wait(execution_id, "running")
        assert f"action execution with id {execution_id} canceled." in st2("execution", "cancel", execution_id).stdout
        st2.wait(execution_id, "canceled")
        again = st2("execution", "cancel", execution_id, check=None)
        assert "canceled" in again.text
        assert "Traceback" not in again.text
        assert "Unable to identify resource" in st2("execution", "cancel", "0" * 24, check=None).text

    def test_re_run(self, st2: UpstreamCli) -> None:
        first = st2("run", "core.local", "cmd=echo once", "-j").json
        again = st2("execution", "re-run", first["id"], "-j").json
        assert again["id"] != first["id"]
        assert again["result"]["stdout"] == "once"
        other = st2("execution", "re-run", first["id"], "cmd=echo twice", "-j").json
        assert other["result"]["stdout"] == "twice"
        failed = st2("execution", "re-run", first["id"], "cmd=exit 5", "-j", check=1).json
        assert failed["result"]["return_code"] == 5
        context = st2("execution", "get", again["id"], "--attr", "context", "-j").json["context"]
        assert context["re-run"]["ref"] == first["id"]

    def test_tail(self, st2: UpstreamCli, tmp_path: Path) -> None:
        def tail(gate: Path, *words: str) -> str:
            """Follow an execution that waits until it is followed."""
            process = st2.popen("execution", "tail", *words)
            assert process.stdout is not None
            first = process.stdout.readline()
            gate.touch()
            return first + process.communicate(timeout=2 * PATIENCE)[0]

        def wait(gate: Path) -> str:
            return f"cmd=until [ -e {gate} ]; do echo waiting >&2; sleep 0.2; done"

        gate = tmp_path / "gate"
        command = f"{wait(gate)}; echo one; sleep 2; echo two; sleep 1; echo bad >&2"
        execution_id = st2.start("core.local", command, "timeout=600")
        text = tail(gate, execution_id)
        assert [line for line in text.splitlines() if line in ("one", "two", "bad")] == ["one", "two", "bad"]
        assert f"Execution {execution_id} has completed (status=succeeded)." in text
        after = st2("execution", "tail", execution_id).stdout
        assert "one\ntwo" in after
        only = st2("execution", "tail", execution_id, "--type", "stderr").stdout
        assert "bad" in only
        assert "one" not in only
        other = tmp_path / "other"
        running = st2.start("core.local", f"{wait(other)}; echo late", "timeout=600")
        assert "[stdout] late" in tail(other, "last", "--include-metadata")
        st2.wait(running, "succeeded")

    def test_only_workflows_can_be_paused(self, st2: UpstreamCli) -> None:
        execution_id = st2.start("core.local", "cmd=sleep 600")
        st2.wait(execution_id, "running")
        for command in ("pause", "resume"):
            answer = st2("execution", command, execution_id, check=1)
            assert "400 Client Error: Bad Request" in answer.text
        st2("execution", "cancel", execution_id)
        st2.wait(execution_id, "canceled")

    def test_yaml(self, st2: UpstreamCli) -> None:
        assert "status: succeeded" in st2("run", "core.noop", "-y").stdout


class TestKeys:
    def test_set_get_delete(self, st2: UpstreamCli) -> None:
        assert st2("key", "set", "plain", "grüße", "-j").json["value"] == "grüße"
        shown = st2("key", "get", "plain", "-j").json
        assert (shown["name"], shown["value"], shown["scope"], shown["encrypted"], shown["secret"]) == (
            "plain", "grüße", "st2kv.system", False, False,
        )  # fmt: skip
        assert "plain" in st2("key", "list").stdout
        assert "successfully deleted" in st2("key", "delete", "plain").stdout
        assert 'Key Value Pair "plain" is not found.' in st2("key", "get", "plain", check=1).text
        assert 'Key Value Pair "plain" is not found.' in st2("key", "delete", "plain", check=2).text

    def test_encryption(self, st2: UpstreamCli) -> None:
        st2("key", "set", "hidden", "open sesame", "--encrypt")
        stored = st2("key", "get", "hidden", "-j").json
        assert (stored["encrypted"], stored["secret"]) == (True, True)
        assert "sesame" not in stored["value"]
        assert st2("key", "get", "hidden", "--decrypt", "-j").json["value"] == "open sesame"
        assert "sesame" not in st2("key", "list").stdout
        assert "open sesame" in st2("key", "list", "-d").stdout
        st2("key", "set", "copied", stored["value"], "--encrypted")
        assert st2("key", "get", "copied", "-d", "-j").json["value"] == "open sesame"
        refused = st2("key", "set", "copied", "not ciphertext", "--encrypted", check=1)
        assert "400 Client Error: Bad Request" in refused.text

    def test_lifetime(self, st2: UpstreamCli) -> None:
        st2("key", "set", "lasting", "x", "-l", "3600")
        assert "expire_timestamp" in st2("key", "get", "lasting", "-j").json
        st2("key", "set", "brief", "x", "-l", "1")
        time.sleep(1.1)
        assert "not found" in st2("key", "get", "brief", check=1).text

    def test_scopes(self, st2: UpstreamCli) -> None:
        st2("key", "set", "both", "of the system")
        st2("key", "set", "both", "of the user", "--scope", "user")
        assert st2("key", "get", "both", "-j").json["value"] == "of the system"
        assert st2("key", "get", "both", "-s", "user", "-j").json["value"] == "of the user"
        own = [pair for pair in st2("key", "list", "-s", "user", "-j").json if pair["name"] == "both"]
        assert own[0]["user"] == "st2admin"
        everything = [pair["scope"] for pair in st2("key", "list", "-n", "-1", "-j").json if pair["name"] == "both"]
        assert sorted(everything) == ["st2kv.system", "st2kv.user"]
        st2("key", "delete", "both", "-s", "user")
        assert st2("key", "get", "both", "-j").json["value"] == "of the system"

    def test_prefix_and_load(self, st2: UpstreamCli, tmp_path: Path) -> None:
        file = tmp_path / "keys.json"
        pairs = [{"name": "load.one", "value": "1"}, {"name": "load.two", "value": {"a": 1}}]
        file.write_text(json.dumps(pairs))
        assert "not a string" in st2("key", "load", str(file), check=1).text
        st2("key", "load", "-c", str(file))
        assert json.loads(st2("key", "get", "load.two", "-j").json["value"]) == {"a": 1}
        listed = st2("key", "list", "--prefix", "load.", "-j").json
        assert sorted(pair["name"] for pair in listed) == ["load.one", "load.two"]
        assert "Deleted 2 keys" in st2("key", "delete_by_prefix", "-p", "load.").stdout
        assert "load." not in st2("key", "list").stdout

    def test_keys_are_used_in_parameters(self, st2: UpstreamCli) -> None:
        st2("key", "set", "place", "the datastore")
        st2("key", "set", "cipher", "the cipher", "-e")
        cmd = "cmd=echo {{ st2kv.system.place }}, {{ st2kv.system.cipher | decrypt_kv }}"
        assert st2("run", "core.local", cmd, "-j").json["result"]["stdout"] == "the datastore, the cipher"


class TestApiKeys:
    def test_life(self, upstream: UpstreamCli, st2: UpstreamCli, tmp_path: Path) -> None:
        key = st2("apikey", "create", "-k", "-m", '{"used_by": "bot"}').stdout.strip()
        alone = {"HOME": str(tmp_path)}
        assert upstream("run", "core.noop", "-j", "--api-key", key, **alone).json["status"] == "succeeded"
        assert "API key" in upstream("whoami", ST2_API_KEY=key, **alone).text

        [row] = [row for row in st2("apikey", "list", "-d", "-j").json if row.get("metadata") == {"used_by": "bot"}]
        assert row["user"] == "st2admin"
        assert key not in st2("apikey", "list", "-d", "-j").text
        assert st2("apikey", "get", row["id"], "-j").json["id"] == row["id"]

        st2("apikey", "disable", row["id"])
        assert "401" in upstream("action", "list", "--api-key", key, check=1, **alone).text
        st2("apikey", "enable", row["id"])
        upstream("action", "list", "--api-key", key, **alone)

        st2("apikey", "delete", row["id"])
        assert "401" in upstream("action", "list", "--api-key", key, check=1, **alone).text
        assert "not found" in st2("apikey", "get", row["id"], check=1).text

    def test_load(self, upstream: UpstreamCli, st2: UpstreamCli, tmp_path: Path) -> None:
        key = "brought along from elsewhere"
        entry = {"id": "5f" + "0" * 22, "user": "bot", "key_hash": hash_key(key), "enabled": True}
        file = tmp_path / "keys.json"
        file.write_text(json.dumps([entry]))
        for _ in range(2):  # it is created first, and replaced then
            assert st2("apikey", "load", str(file), "-j").json == [{"id": entry["id"], "user": "bot", "metadata": {}}]
        shown = upstream("whoami", ST2_API_KEY=key, HOME=str(tmp_path)).text
        assert 'Currently logged in as "bot"' in shown

    def test_create_shows_the_key_once(self, st2: UpstreamCli) -> None:
        created = st2("apikey", "create", "-j").json
        assert created["key"]
        assert st2("apikey", "get", created["id"], "-j").json.get("key") != created["key"]


class TestInquiries:
    def test_an_answer_ends_the_execution(self, st2: UpstreamCli) -> None:
        execution_id = st2("run", "core.ask", "-j").json["id"]
        assert execution_id in [row["id"] for row in st2("inquiry", "list", "-j").json]
        inquiry = st2("inquiry", "get", execution_id, "-j").json
        assert inquiry["schema"]["properties"]["continue"]["type"] == "boolean"
        assert inquiry["ttl"] == 1440

        refused = st2("inquiry", "respond", "-r", '{"continue": "perhaps"}', execution_id, check=1)
        assert "400 Client Error: Bad Request" in refused.text
        accepted = st2("inquiry", "respond", "-r", '{"continue": true}', execution_id)
        assert f"Response accepted for inquiry {execution_id}." in accepted.text
        ended = st2.wait(execution_id, "succeeded")
        assert ended["result"]["response"] == {"continue": True}
        assert execution_id not in [row["id"] for row in st2("inquiry", "list", "-j").json]

    def test_only_those_asked_may_answer(self, st2: UpstreamCli) -> None:
        execution_id = st2("run", "core.ask", "users=somebody", "-j").json["id"]
        refused = st2("inquiry", "respond", "-r", '{"continue": true}', execution_id, check=1)
        assert "403 Client Error: Forbidden" in refused.text
        assert st2("execution", "get", execution_id, "-j").json["status"] == "pending"


class TestRunners:
    NAMES = {
        "announcement", "http-request", "inquirer", "local-shell-cmd", "local-shell-script", "noop", "python-script",
        "remote-shell-cmd", "remote-shell-script", "winrm-cmd", "winrm-ps-cmd", "winrm-ps-script",
    }  # fmt: skip

    def test_list_and_get(self, st2: UpstreamCli) -> None:
        assert {runner["name"] for runner in st2("runner", "list", "-j").json} >= self.NAMES
        runner = st2("runner", "get", "local-shell-cmd", "-j").json
        assert runner["runner_parameters"]["timeout"]["default"] == 60
        assert st2("runner", "get", runner["id"], "-j").json["name"] == "local-shell-cmd"
        assert "not found" in st2("runner", "get", "no-such-runner", check=1).text

    def test_disable_and_enable(self, st2: UpstreamCli) -> None:
        assert st2("runner", "disable", "noop", "-j").json["enabled"] is False
        try:
            assert "disabled" in st2("run", "core.noop", check=1).text
        finally:
            assert st2("runner", "enable", "noop", "-j").json["enabled"] is True
        st2("run", "core.noop")


class TestPacks:
    def test_list_and_get(self, st2: UpstreamCli) -> None:
        packs = {pack["ref"]: pack for pack in st2("pack", "list", "-j").json}
        assert {"core", "default", "probe"} <= set(packs)
        assert packs["probe"]["version"] == "1.2.3"
        pack = st2("pack", "get", "probe", "-j").json
        assert (pack["author"], pack["email"], pack["keywords"]) == ("Test", "test@example.org", ["probe"])
        assert "is not found" in st2("pack", "get", "nosuch", check=1).text

    def test_register(self, st2: UpstreamCli, deployment: Deployment) -> None:
        actions = deployment.directory / "probe-packs" / "probe" / "actions"
        (actions / "late.yaml").write_text("name: late\nrunner_type: local-shell-cmd\nenabled: true\nentry_point: ''\n")
        # With -j this client stumbles over the parentheses in the names of the counts.
        assert re.search(r"\| actions +\| 5 +\|", st2("pack", "register", "probe", "--types", "actions").stdout)
        assert st2("run", "probe.late", "cmd=echo here", "-j").json["result"]["stdout"] == "here"
        (actions / "late.yaml").unlink()
        everything = re.search(r"\| actions +\| (\d+) +\|", st2("pack", "register").stdout)
        assert everything
        assert int(everything[1]) > 15
        missing = st2("pack", "register", "nosuch", check=2)
        assert 'Pack "nosuch" not found on disk' in missing.text


class TestPackChanges:
    def test_the_index(self, st2: UpstreamCli) -> None:
        found = st2("pack", "search", "WEATHER", "-j").json
        assert [pack["name"] for pack in found] == ["sunny"]
        assert st2("pack", "show", "sunny", "-j").json["version"] == "2.0.0"
        assert "No matching items found" in st2("pack", "show", "rainy").stdout

    def test_from_install_to_remove(self, st2: UpstreamCli) -> None:
        st2("pack", "install", "sunny=1.0.0")
        assert st2("run", "sunny.tell", "-j").json["result"]["result"] == "1.0.0"
        # The second time there is nothing to build: the execution ends before the client listens for that.
        assert st2("pack", "install", "sunny=1.0.0", "-j").json["version"] == "1.0.0"
        assert "actions   |  1" in st2("pack", "install", "sunny").stdout
        assert st2("run", "sunny.tell", "-j").json["result"]["result"] == "2.0.0"
        last = st2("execution", "list", "-n", "1", "--action", "packs.install", "-j").json[0]
        output = st2("execution", "get", last["id"], "-j").json["result"]["output"]
        assert output == {
            "packs_list": ["sunny"], "message": "Successfully installed packs", "conflict_list": [], "warning_list": [],
        }  # fmt: skip
        assert 'Registering pack "sunny".' in st2("execution", "tail", last["id"]).stdout
        assert st2("pack", "remove", "sunny", "-j").json["ref"] == "sunny"
        assert "is not found" in st2("pack", "get", "sunny", check=1).text
        assert "doesn't exist" in st2("run", "sunny.tell", check=1).text

    def test_config_of_packs_without_a_schema(self, st2: UpstreamCli) -> None:
        # With a schema this client fails at its first question: it uses a part of prompt_toolkit that is gone.
        for pack in ("probe", "nosuch"):
            answer = st2("pack", "config", pack, check=2)
            assert f"Pack \"{pack}\" doesn't exist or doesn't have a config schema defined." in answer.text

    def test_what_cannot_be_installed(self, st2: UpstreamCli, deployment: Deployment) -> None:
        st2("pack", "install", "sunny=7.0.0", check=1)
        last = st2("execution", "list", "-n", "1", "--action", "packs.install", "-j").json[0]
        output = st2("execution", "get", last["id"], "-j").json["result"]["output"]
        assert "Available versions are: 1.0.0, 2.0.0" in output["message"]
        assert not (deployment.base_path / "packs" / "sunny").exists()


class TestTheRest:
    def test_version_and_usage(self, st2: UpstreamCli) -> None:
        assert st2("--version").text.startswith("st2 3.9.0")
        assert "usage" in st2(check=2).text
        assert "usage" in st2("execution", "cancel", check=2).text
