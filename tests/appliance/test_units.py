"""Units as systemd sees them, not as their files are written."""

from __future__ import annotations

import re
from typing import Any

from testinfra.host import Host

WORKER = "st2actionrunner@1.service"


def _properties(host: Host, unit: str) -> dict[str, str]:
    lines = host.check_output("systemctl show --no-pager --all %s", unit).splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _assert_runs_from_boot(shown: dict[str, str]) -> None:
    assert shown["ActiveState"] == "active"
    assert shown["UnitFileState"] == "enabled"
    assert "multi-user.target" in shown["WantedBy"]


def test_service(host: Host, services_row: dict[str, str]) -> None:
    name = services_row["name"]
    shown = _properties(host, f"{name}.service")
    _assert_runs_from_boot(shown)
    assert (shown["User"], shown["Group"]) == (services_row["user"], services_row["group"])
    assert shown["SubState"] == "running"
    assert (shown["Restart"], shown["RestartUSec"]) == ("on-failure", "5s")
    assert shown["TimeoutStopUSec"] == "1min"
    assert shown["PrivateTmp"] == "yes"
    assert "network.target" in shown["After"]
    assert shown["EnvironmentFiles"].endswith(f"/{name} (ignore_errors=yes)")
    assert shown["NRestarts"] == "0", "it has fallen over since it was started"
    assert re.fullmatch(rf"(/usr)?/lib/systemd/system/{name}\.service", shown["FragmentPath"])


def test_service_does_not_depend_on_its_neighbours(host: Host, services_row: dict[str, str]) -> None:
    shown = _properties(host, f"{services_row['name']}.service")
    needed = shown["Requires"] + shown["BindsTo"] + shown["Requisite"]
    assert "mongod" not in needed
    assert "rabbitmq" not in needed


def test_socket(host: Host, sockets_row: dict[str, Any]) -> None:
    shown = _properties(host, f"{sockets_row['name']}.socket")
    assert shown["ActiveState"] == "active"
    assert shown["Listen"] == f"127.0.0.1:{sockets_row['port']} (Stream)"
    service = _properties(host, f"{sockets_row['name']}.service")
    assert shown["Id"] in service["Wants"].split() + service["Requires"].split()
    assert shown["Id"] in service["After"].split()


def test_head_of_the_workers(host: Host) -> None:
    shown = _properties(host, "st2actionrunner.service")
    _assert_runs_from_boot(shown)
    assert (shown["Type"], shown["RemainAfterExit"]) == ("oneshot", "yes")
    assert shown["PrivateTmp"] == "yes"


def test_workers(host: Host, target: dict[str, Any]) -> None:
    listed = host.check_output(
        "systemctl list-units --plain --no-legend --state=active 'st2actionrunner@*'"
    ).splitlines()
    assert [line.split()[0] for line in listed] == [
        f"st2actionrunner@{number}.service" for number in range(1, target["workers"] + 1)
    ]
    shown = _properties(host, WORKER)
    # No User= at all is root, too.
    assert (shown["User"] or "root", shown["Group"], shown["UMask"]) == ("root", "st2packs", "0002")
    assert "st2actionrunner.service" in shown["JoinsNamespaceOf"]
    assert (shown["Restart"], shown["RestartUSec"]) == ("on-failure", "5s")


def test_disabled_service(host: Host, disabled_row: str) -> None:
    shown = _properties(host, f"{disabled_row}.service")
    assert (shown["LoadState"], shown["ActiveState"], shown["UnitFileState"]) == ("loaded", "inactive", "disabled")


def test_neighbour(host: Host, neighbours_row: str) -> None:
    shown = _properties(host, f"{neighbours_row}.service")
    assert (shown["ActiveState"], shown["UnitFileState"]) == ("active", "enabled")


def test_nothing_has_failed(host: Host) -> None:
    assert host.check_output("systemctl list-units --failed --plain --no-legend") == ""


def test_exposure(host: Host, target: dict[str, Any]) -> None:
    units = {f"{row['name']}.service": target["exposure_limit"] for row in target["services"]}
    units[WORKER] = target["exposure_limit_of_workers"]
    exposed = {}
    for name, limit in units.items():
        last = host.check_output("systemd-analyze security --no-pager %s | tail -1", name)
        found = re.search(r": ([\d.]+) ", last)
        assert found, last
        if float(found[1]) > limit:
            exposed[name] = float(found[1])
    assert exposed == {}


def test_environment(host: Host, target: dict[str, Any]) -> None:
    for row in target["environment"]:
        pid = _properties(host, f"{row['service']}.service")["MainPID"]
        lines = host.check_output(f"tr '\\0' '\\n' </proc/{pid}/environ").splitlines()
        assert f"{row['name']}={row['value']}" in lines


def test_memory_of_the_whole_host(host: Host, target: dict[str, Any]) -> None:
    """Each page is counted once: shared ones by their proportional part."""
    sizes = host.check_output(
        "cat /proc/[0-9]*/smaps_rollup 2>/dev/null | awk '/^Pss:/ { sum += $2 } END { print sum }'"
    )
    assert int(sizes) / 1024 < target["memory_limit"]
