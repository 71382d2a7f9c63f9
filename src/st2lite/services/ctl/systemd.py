"""Services as units of systemd: started, stopped and judged by it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

from st2lite.models.errors import St2liteError
from st2lite.services.ctl.managers import Running

_PROPERTIES = "Id,LoadState,UnitFileState,ActiveState,SubState,Result,MainPID,StatusText,Wants"
_READY = "Ready."
_NOT_THERE = "not-found"

Unit = dict[str, str]
"""Properties of a unit by name, as `systemctl show` has them."""


class Systemd:
    """Services are units of the same name; those of several processes have an instance for each (`name@1`)."""

    def require_rights(self) -> None:
        if os.geteuid() != 0:
            raise St2liteError("Only root can start, stop and signal services: run it with sudo.")

    def start(self, name: str) -> None:
        _call("start", f"{name}.service")

    def stop(self, name: str) -> None:
        _call("stop", f"{name}.service")

    def restart(self, name: str) -> None:
        """Restart without closing the socket of the service, so that clients wait in it."""
        _call("restart", f"{name}.service")

    def running(self, name: str) -> Running:
        units = list(_show(f"{name}.service", f"{name}@*.service"))
        pids = tuple(int(unit["MainPID"]) for unit in units if unit["MainPID"] not in ("", "0"))
        return Running(pids, _problem(units, bool(pids)))

    def reopen_logs(self, name: str) -> None:
        units = [unit["Id"] for unit in _show(f"{name}.service", f"{name}@*.service") if unit["MainPID"] != "0"]
        if not units:
            raise St2liteError(f"{name} does not run.")
        # Without the option every action and sensor of the unit would be signalled, and die of it.
        _call("kill", "--kill-who=main", "--signal=SIGUSR1", *units)

    def neighbours(self) -> dict[str, Running]:
        """What else this host has that an installation needs and that no option of st2.conf names, by its title."""
        found = {}
        for unit in _show("nginx.service", *_postgresql()):
            if unit["LoadState"] != _NOT_THERE and (unit["UnitFileState"] != "disabled" or _is_active(unit)):
                name = unit["Id"].removesuffix(".service")
                title = name if name == "nginx" else f"PostgreSQL ({name})"
                found[title] = Running((int(unit["MainPID"]),), _problem([unit], True))
        return found


def _postgresql() -> list[str]:
    """Units of PostgreSQL: where clusters have one each, as on Debian, the common one is active even without them."""
    wanted = next(_show("postgresql.service"))["Wants"].split()
    return [name for name in wanted if name.startswith("postgresql@")] or ["postgresql.service"]


def _is_active(unit: Unit) -> bool:
    return unit["ActiveState"] == "active"


def _problem(units: list[Unit], has_processes: bool) -> str:
    """What is wrong with a service that consists of these units, empty if nothing is."""
    if units[0]["LoadState"] == _NOT_THERE:
        return f"has no unit {units[0]['Id']}"
    said = [unit["StatusText"] for unit in units if unit["StatusText"] not in ("", _READY)]
    down = [f"{unit['Id']} is {_state(unit)}" for unit in units if not _is_active(unit)]
    if units[0]["ActiveState"] == "inactive":
        return "does not run"
    if not down and not has_processes:
        return "has no process"
    return "; ".join(down or said)


def _state(unit: Unit) -> str:
    result = "" if unit["Result"] in ("", "success") else f", {unit['Result']}"
    return f"{unit['ActiveState']} ({unit['SubState']}{result})"


def _show(*patterns: str) -> Iterator[Unit]:
    """Properties of the units that match; a plain name matches always, a pattern what systemd has loaded."""
    text = _call("show", f"--property={_PROPERTIES}", *patterns)
    for block in text.split("\n\n"):
        unit = dict.fromkeys(_PROPERTIES.split(","), "")
        for line in block.splitlines():
            name, _, value = line.partition("=")
            unit[name] = value
        if unit["Id"]:
            yield unit


def _call(*words: str) -> str:
    done = subprocess.run(["systemctl", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise St2liteError(f"systemctl {' '.join(words)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
