"""It does what it is for."""

from __future__ import annotations

import re
from typing import Any

from testinfra.host import Host

from tests.appliance.client import run_action, st2


def test_local_action_runs_as_the_system_user(host: Host, target: dict[str, Any]) -> None:
    assert run_action(host, target, "core.local", "cmd=id -un")["stdout"] == target["system_user"]


def test_remote_action_runs_over_ssh(host: Host, target: dict[str, Any]) -> None:
    result = run_action(host, target, "core.remote", "hosts=127.0.0.1", 'cmd=id -un; echo "$SSH_CONNECTION"')
    user, connection = result["127.0.0.1"]["stdout"].splitlines()
    assert user == target["system_user"]
    assert connection.startswith("127.0.0.1 ")


def test_python_action(host: Host, target: dict[str, Any]) -> None:
    assert run_action(host, target, "packs.get", "pack=core")["result"]["pack"]["name"] == "core"


def test_packs_are_registered(host: Host, target: dict[str, Any], packs_row: str) -> None:
    assert packs_row in {pack["ref"] for pack in st2(host, target, "pack", "list")}


def test_secret_in_the_datastore(host: Host, target: dict[str, Any]) -> None:
    st2(host, target, "key", "set", "appliance.secret", "b7c1-plain", "--encrypt")
    try:
        assert st2(host, target, "key", "get", "appliance.secret")["value"] != "b7c1-plain"
        assert st2(host, target, "key", "get", "appliance.secret", "--decrypt")["value"] == "b7c1-plain"
    finally:
        host.check_output("st2 key delete appliance.secret")


def test_status(host: Host, target: dict[str, Any]) -> None:
    status = host.check_output("st2ctl status")
    assert [
        row["name"] for row in target["services"] if not re.search(rf"ok +{row['name']} +runs \(pid \d+\)", status)
    ] == []
