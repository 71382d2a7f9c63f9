"""What operators do to services, and what their clients notice of it."""

from __future__ import annotations

from typing import Any

import pytest
from testinfra.host import Host

pytestmark = pytest.mark.disturbing

_ASK_WITHOUT_PAUSE = """
import http.client, subprocess, sys
names = ("st2api", "st2auth", "st2stream")
restarts = [subprocess.Popen(["systemctl", "restart", f"{name}.service"]) for name in names]
answered = 0
while any(restart.poll() is None for restart in restarts):
    for port in sys.argv[1:]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200
        answered += 1
assert [restart.returncode for restart in restarts] == [0, 0, 0]
print(answered)
"""


def _status(host: Host) -> dict[str, str]:
    """State by name, as st2ctl tells it."""
    lines = [line.split(None, 1) for line in host.run("st2ctl status").stdout.splitlines()[1:]]
    return {rest.split("  ")[0]: state for state, rest in lines}


def test_all_is_up(host: Host, target: dict[str, Any]) -> None:
    assert host.run("st2ctl status").rc == 0
    states = _status(host)
    assert {row["name"] for row in target["services"]} | {"st2actionrunner"} <= set(states)
    assert {name.split(" ")[0] for name in states} >= {"MongoDB", "RabbitMQ"}
    assert set(states.values()) == {"ok"}


def test_clients_wait_while_web_services_restart(host: Host, target: dict[str, Any]) -> None:
    ports = " ".join(str(row["port"]) for row in target["sockets"])
    assert int(host.check_output(f"python3 -c %s {ports}", _ASK_WITHOUT_PAUSE)) > 0


def test_clients_wait_while_crashed_web_services_come_back(host: Host, target: dict[str, Any]) -> None:
    for row in target["sockets"]:
        host.check_output(f"systemctl kill --signal=KILL {row['name']}.service")
        host.check_output(f"curl --silent --fail --max-time 60 http://127.0.0.1:{row['port']}/healthz")


def test_what_is_stopped_is_not_reached(host: Host, target: dict[str, Any]) -> None:
    port = next(row["port"] for row in target["sockets"] if row["name"] == "st2auth")
    host.check_output("systemctl stop st2auth")
    try:
        assert not host.socket(f"tcp://127.0.0.1:{port}").is_listening
        assert _status(host)["st2auth"] == "DOWN"
        assert host.run("st2ctl status").rc == 1
    finally:
        host.check_output("systemctl start st2auth")
    assert _status(host)["st2auth"] == "ok"


def test_surplus_workers_stop(host: Host, target: dict[str, Any]) -> None:
    drop_in = "/run/systemd/system/st2actionrunner.service.d"
    count = "systemctl list-units --plain --no-legend --state=active 'st2actionrunner@*' | wc -l"
    host.check_output(f"mkdir -p {drop_in} && printf '[Service]\\nEnvironmentFile=\\nEnvironment=WORKERS=3\\n' "
                      f">{drop_in}/test.conf && systemctl daemon-reload")  # fmt: skip
    try:
        host.check_output("systemctl restart st2actionrunner")
        assert host.check_output(count) == "3"
    finally:
        host.check_output(f"rm -r {drop_in} && systemctl daemon-reload && systemctl restart st2actionrunner")
    assert host.check_output(count) == str(target["workers"])


def test_others_are_told_that_they_cannot(host: Host) -> None:
    done = host.run("setpriv --reuid=st2 --regid=st2 --init-groups st2ctl restart")
    assert done.rc == 2
    assert "Only root" in done.stderr


def test_a_mistake_is_told_and_not_tried_again(host: Host) -> None:
    drop_in = "/run/systemd/system/st2notifier.service.d"
    host.check_output(f"mkdir -p {drop_in} && printf '[Service]\\nEnvironment=ST2_NOTIFIER__ENABLE=perhaps\\n' "
                      f">{drop_in}/test.conf && systemctl daemon-reload")  # fmt: skip
    try:
        done = host.run("st2ctl restart-component st2notifier")
        assert done.rc == 1
        assert "DOWN  st2notifier" in done.stdout
        said = host.check_output("systemctl status --no-pager --lines=20 st2notifier; true")
        assert '"perhaps" is not a boolean' in said
        assert "activating" not in said
    finally:
        host.check_output(f"rm -r {drop_in} && systemctl daemon-reload && systemctl restart st2notifier")
