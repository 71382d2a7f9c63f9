"""What an outage of a neighbour, of a process or of the whole host leaves behind: nothing. The reboot is last."""

from __future__ import annotations

import time
from typing import Any

import pytest
from testinfra.host import Host

from tests.appliance.client import HEAL_SECONDS, run_action, st2, wait_until_healed

_ENDED = ("succeeded", "failed", "timeout", "canceled", "abandoned")

pytestmark = pytest.mark.disturbing


@pytest.mark.parametrize("neighbour", ["mongod", "rabbitmq-server", "postgresql", "nginx"])
def test_restart_of_a_neighbour(host: Host, target: dict[str, Any], neighbour: str) -> None:
    host.check_output(f"systemctl restart {neighbour}")
    wait_until_healed(host, target)


@pytest.mark.parametrize("neighbour", ["mongod", "rabbitmq-server"])
def test_what_was_accepted_survives_an_outage_of_a_neighbour(
    host: Host, target: dict[str, Any], neighbour: str
) -> None:
    accepted = st2(host, target, "run", "--async", "core.local", "cmd=sleep 6; echo through")
    host.check_output(f"systemctl stop {neighbour}; sleep 8; systemctl start {neighbour}")
    wait_until_healed(host, target)
    deadline = time.monotonic() + HEAL_SECONDS
    while (ended := st2(host, target, "execution", "get", accepted["id"]))["status"] not in _ENDED:
        assert time.monotonic() < deadline, ended
        time.sleep(1)
    assert (ended["status"], ended["result"]["stdout"]) == ("succeeded", "through")


def test_killed_processes_come_back(host: Host, target: dict[str, Any]) -> None:
    units = [f"{row['name']}.service" for row in target["services"]] + ["st2actionrunner@1.service"]
    for unit in units:
        host.check_output(f"systemctl kill --signal=KILL {unit}")
    _wait_until_active(host, units)
    wait_until_healed(host, target)


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
    wait_until_healed(host, target)
    assert run_action(host, target, "core.remote", "hosts=127.0.0.1", "cmd=true")
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
