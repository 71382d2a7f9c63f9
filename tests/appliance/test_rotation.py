"""Logs rotate, and the services write on in the new file."""

from __future__ import annotations

from typing import Any

import pytest
from testinfra.host import Host

from tests.appliance.client import run_action

pytestmark = pytest.mark.disturbing


def _files(host: Host, pattern: str) -> set[str]:
    return set(host.run(f"ls -1 {pattern} 2>/dev/null").stdout.split())


def test_rules_are_sound(host: Host) -> None:
    done = host.run("logrotate --debug /etc/logrotate.conf")
    assert done.rc == 0
    assert "error:" not in done.stderr


def test_services_write_on(host: Host, target: dict[str, Any]) -> None:
    run_action(host, "core.local", "cmd=true")
    before = _files(host, "/var/log/st2/*.gz /var/log/st2/*.1")
    done = host.run("logrotate --force /etc/logrotate.d/st2")
    assert done.rc == 0, done.stderr
    assert _files(host, "/var/log/st2/*.gz /var/log/st2/*.1") - before or before, "nothing was rotated"
    run_action(host, "core.local", "cmd=true")
    for log in ("st2api.log", "st2auth.log"):
        assert host.file(f"/var/log/st2/{log}").size > 0, f"nothing was written to {log} after the rotation"
    assert host.check_output("find /var/log/st2 -name 'st2actionrunner.*.log' -size +0 ! -name '*.audit.log'")


def test_no_process_writes_to_a_file_that_is_gone(host: Host) -> None:
    for rules in _files(host, "/etc/logrotate.d/*"):
        host.run("logrotate --force %s", rules)
    gone = host.check_output("ls -l /proc/[0-9]*/fd 2>/dev/null | grep -E '/var/log/.*deleted' || true")
    assert gone == ""
