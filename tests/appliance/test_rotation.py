"""Logs rotate, and the services write on in the new file."""

from __future__ import annotations

import time
from typing import Any

import pytest
from testinfra.host import Host

REOPEN_SECONDS = 20

pytestmark = pytest.mark.disturbing


def _open_logs(host: Host, folder: str) -> list[str]:
    """What all processes have open below `folder`, once for each process."""
    shell = f"find /proc/[0-9]*/fd -lname '{folder}/*' -printf '%l\\n' 2>/dev/null || true"
    return str(host.check_output(shell)).splitlines()


def _rotate(host: Host, rules: str, folder: str) -> list[str]:
    """Rotate by `rules`; answers like `_wait_for_new_files`."""
    done = host.run("logrotate --force %s", rules)
    assert done.rc == 0, done.stderr
    return _wait_for_new_files(host, folder)


def _wait_for_new_files(host: Host, folder: str) -> list[str]:
    """What is still open of the old files when the services had their time to open new ones."""
    deadline = time.monotonic() + REOPEN_SECONDS
    while True:
        old = [path for path in _open_logs(host, folder) if not path.endswith(".log")]
        if not old or time.monotonic() > deadline:
            return old
        time.sleep(0.5)


def test_rules_are_sound(host: Host) -> None:
    done = host.run("logrotate --debug /etc/logrotate.conf")
    assert done.rc == 0
    assert "error:" not in done.stderr


def test_services_write_on(host: Host, target: dict[str, Any]) -> None:
    assert _rotate(host, "/etc/logrotate.d/st2", "/var/log/st2") == []
    names = [row["name"] for row in target["services"]]
    names += [f"st2actionrunner.{number}" for number in range(1, target["workers"] + 1)]
    opened = set(_open_logs(host, "/var/log/st2"))
    assert {f"/var/log/st2/{name}.log" for name in names} <= opened
    old = host.check_output("find /var/log/st2 -name '*.log.1' -size +0")
    assert {f"/var/log/st2/{name}.log.1" for name in names} <= set(old.splitlines())


@pytest.mark.parametrize(("rules", "folder"), [("mongod", "mongodb"), ("nginx", "nginx")])
def test_neighbours_write_on(host: Host, rules: str, folder: str) -> None:
    assert _open_logs(host, f"/var/log/{folder}")
    assert _rotate(host, f"/etc/logrotate.d/{rules}", f"/var/log/{folder}") == []


def test_broker_writes_on(host: Host) -> None:
    """It sees with the next line that its file was taken away. A service that comes back is worth a line."""
    folder = "/var/log/rabbitmq"
    assert _open_logs(host, folder)
    host.check_output("logrotate --force /etc/logrotate.d/rabbitmq-server")
    host.check_output("systemctl restart st2notifier")
    assert _wait_for_new_files(host, folder) == []
    assert host.check_output(f"find {folder} -name '*@*.log' -size +0 | wc -l") == "1"


def test_postgresql_writes_on(host: Host) -> None:
    """Its file is copied and emptied, so there is nothing to open again."""
    host.check_output("logrotate --force /etc/logrotate.d/postgresql-common")
    host.check_output("runuser -u postgres -- psql -c 'SELECT wrong' 2>/dev/null; true")
    assert _open_logs(host, "/var/log/postgresql")
    assert host.check_output("grep -l 'SELECT wrong' /var/log/postgresql/*.log | wc -l") == "1"


def test_no_more_logs_are_kept_than_wanted(host: Host, target: dict[str, Any]) -> None:
    log = "/var/log/st2/st2notifier.log"
    for _ in range(target["log_keep"] + 2):
        host.check_output(f"echo a line of the tests >>{log} && logrotate --force /etc/logrotate.d/st2")
    kept = host.check_output(f"ls {log}.*").splitlines()
    assert len(kept) == target["log_keep"]
    assert sum(path.endswith(".gz") for path in kept) == target["log_keep"] - 1, "all but the last are compressed"


def test_rotation_happens_by_itself(host: Host) -> None:
    shown = host.check_output("systemctl is-active logrotate.timer; systemctl is-enabled logrotate.timer")
    assert shown.split() == ["active", "enabled"]
