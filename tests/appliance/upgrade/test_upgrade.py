"""What an upgrade keeps, what it changes and what its clients notice. molecule/upgrade has written the data."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from testinfra.host import Host

from tests.appliance.client import HEAL_SECONDS, run_action, st2

FOLDER = "/srv/upgrade"
# In seconds. Web services restart one by one behind sockets that stay open; only a changed database closes them.
LONGEST_AWAY = 60


@pytest.fixture(scope="module")
def written(host: Host) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(host.file(f"{FOLDER}/written.json").content_string)
    return content


@pytest.fixture(scope="module")
def asked(host: Host) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(host.file(f"{FOLDER}/asked.json").content_string)
    return content


def _version(text: str) -> str:
    return text.split()[1].rstrip(",")


def test_the_version_is_new(host: Host, written: dict[str, Any]) -> None:
    now = _version(host.check_output("st2 --version"))
    assert _version(written["version"]) != now
    assert host.check_output("st2lite --version") == f"st2lite {now}"
    assert host.file("/opt/stackstorm/st2").linked_to.startswith(f"/opt/stackstorm/versions/{now}-")


def test_the_version_before_is_kept(host: Host, written: dict[str, Any]) -> None:
    before = _version(written["version"])
    place = host.check_output("readlink --canonicalize /opt/stackstorm/versions/previous")
    assert place.startswith(f"/opt/stackstorm/versions/{before}-")
    assert host.check_output("%s/bin/st2lite --version", place) == f"st2lite {before}"
    assert before in host.check_output("ls /opt/stackstorm/installer/release.previous/wheels")


def test_secrets_are_as_they_were(host: Host, written: dict[str, Any]) -> None:
    assert {path: host.file(path).sha256sum for path in written["secrets"]} == written["secrets"]


def test_keys_are_readable(host: Host, target: dict[str, Any]) -> None:
    assert st2(host, target, "key", "get", "kept")["value"] == "plain"
    assert st2(host, target, "key", "get", "kept_secret", "--decrypt")["value"] == "hidden"


def test_executions_are_readable(host: Host, target: dict[str, Any], written: dict[str, Any]) -> None:
    execution = st2(host, target, "execution", "get", written["execution"])
    assert (execution["status"], execution["result"]["stdout"]) == ("succeeded", "before")


def test_a_pack_keeps_its_virtualenv(host: Host, target: dict[str, Any], written: dict[str, Any]) -> None:
    assert run_action(host, target, "kept.six")["result"] == written["six"]
    assert [policy["ref"] for policy in st2(host, target, "policy", "list", "--pack=kept")] == ["kept.few"]


def test_rules_and_api_keys_work(host: Host, target: dict[str, Any], written: dict[str, Any]) -> None:
    text = f"after {time.time()}"
    ask = "curl -sS --fail -H @- -H 'Content-Type: application/json' http://127.0.0.1:9101/v1/webhooks/kept -d %s"
    host.check_output(f"echo 'St2-Api-Key: {written['api_key']}' | {ask}", json.dumps({"text": text}))
    deadline = time.monotonic() + HEAL_SECONDS
    while text not in {
        (execution.get("result") or {}).get("stdout")
        for execution in st2(host, target, "execution", "list", "--action=core.local", "-n", "20", "--attr=all")
    }:
        assert time.monotonic() < deadline
        time.sleep(1)


def test_options_are_kept(host: Host) -> None:
    assert "max_page_size = 50" in host.file("/etc/st2/st2.conf").content_string


def test_no_execution_was_lost(host: Host, asked: dict[str, Any]) -> None:
    assert len(asked["requested"]) > 10
    ends = json.loads(host.check_output(f"python3 {FOLDER}/ask.py ends"))
    assert ends == {"as requested": len(asked["requested"])}


def test_the_api_was_hardly_away(asked: dict[str, Any]) -> None:
    print(f"away {asked['away']:.1f} s, longest wait {asked['longest_wait']:.1f} s, {len(asked['refusals'])} refusals")
    assert asked["away"] < LONGEST_AWAY, asked["refusals"][:5]


def test_the_backup(host: Host, written: dict[str, Any]) -> None:
    folder = host.file("/var/backups/st2lite")
    assert (folder.mode, folder.user) == (0o700, "root")
    files = host.check_output("ls -d /var/backups/st2lite/*.tar.gz").split()
    for name in files:
        assert (host.file(name).mode, host.file(name).user) == (0o600, "root")
    manifest = json.loads(host.check_output("tar -xzOf %s manifest.json", files[-1]))
    assert manifest["version"] == _version(written["version"])
    assert files[-1] in host.file(f"{FOLDER}/upgraded.txt").content_string


def test_it_says_what_it_has_done(host: Host, written: dict[str, Any]) -> None:
    now = _version(host.check_output("st2 --version"))
    said = host.file(f"{FOLDER}/upgraded.txt").content_string
    assert f"st2lite {_version(written['version'])} was upgraded to {now}" in said
    assert not host.file("/var/lib/st2lite/upgrade").exists


def test_the_one_that_failed_went_back(host: Host, written: dict[str, Any]) -> None:
    before = _version(written["version"])
    said = host.file(f"{FOLDER}/failed.txt").content_string
    assert 'The upgrade failed at "Tell what is wrong with st2notifier".' in said
    assert f"st2lite {before} runs again, with its settings." in said
    assert "The backup is /var/backups/st2lite/" in said
    assert f"st2 {before}, on Python" in said
    assert f"st2lite-{before}-py3-none-any.whl" in said
    assert "DOWN" not in said


def test_all_is_up(host: Host) -> None:
    status = host.run("st2ctl status")
    assert status.rc == 0, status.stdout
    assert host.check_output("systemctl list-units --failed --plain --no-legend") == ""
