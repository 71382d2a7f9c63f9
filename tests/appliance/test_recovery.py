"""What an outage of a neighbour, of a process or of the whole host leaves behind: nothing. The reboot is last."""

from __future__ import annotations

import time
from typing import Any

import pytest
from testinfra.host import Host

from tests.appliance.client import HEAL_SECONDS, run_action, wait_until_healed

pytestmark = pytest.mark.disturbing


@pytest.mark.parametrize("neighbour", ["mongod", "rabbitmq-server", "nginx"])
def test_restart_of_a_neighbour(host: Host, neighbour: str) -> None:
    host.check_output(f"systemctl restart {neighbour}")
    wait_until_healed(host)


def test_killed_processes_come_back(host: Host, target: dict[str, Any]) -> None:
    units = [f"{row['name']}.service" for row in target["services"]] + ["st2actionrunner@1.service"]
    for unit in units:
        host.check_output(f"systemctl kill --signal=KILL {unit}")
    _wait_until_active(host, units)
    wait_until_healed(host)


def test_reboot(host: Host, target: dict[str, Any]) -> None:
    before = host.check_output("cat /proc/sys/kernel/random/boot_id")
    with pytest.raises((AssertionError, RuntimeError)):
        host.check_output("systemctl reboot; sleep 60; false")
    deadline = time.monotonic() + HEAL_SECONDS
    while _boot(host) in ("", before):
        assert time.monotonic() < deadline, "the host does not come back"
        time.sleep(0.5)
    units = [f"{row['name']}.service" for row in target["services"]]
    units += [f"{name}.service" for name in target["neighbours"]]
    units += [f"st2actionrunner@{number}.service" for number in range(1, target["workers"] + 1)]
    _wait_until_active(host, units)
    wait_until_healed(host)
    assert run_action(host, "core.remote", "hosts=127.0.0.1", "cmd=true")
    assert host.check_output("systemctl list-units --failed --plain --no-legend") == ""


def _boot(host: Host) -> str:
    try:
        return str(host.run("cat /proc/sys/kernel/random/boot_id").stdout.strip())
    except RuntimeError:
        return ""


def _wait_until_active(host: Host, units: list[str]) -> None:
    deadline = time.monotonic() + HEAL_SECONDS
    while True:
        states = host.run("systemctl is-active " + " ".join(units)).stdout.split()
        if states == ["active"] * len(units):
            return
        assert time.monotonic() < deadline, dict(zip(units, states, strict=True))
        time.sleep(1)
