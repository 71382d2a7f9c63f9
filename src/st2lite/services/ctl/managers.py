"""Who keeps the services of a host: systemd, or, where there is none, this program with pid files."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from st2lite.models.errors import St2liteError

STOP_SECONDS = 330.0
"""Longest time a service may take to end; an action runner waits for its actions."""
_PAUSE = 0.1


@dataclass(frozen=True)
class Running:
    """What is known of a service: its processes, and what is wrong with it, empty if nothing is."""

    pids: tuple[int, ...]
    problem: str = ""


class Manager(Protocol):
    """Starts and stops services by name."""

    def require_rights(self) -> None:
        """Raise `St2liteError` if this user can change nothing here."""

    def start(self, name: str) -> None: ...

    def stop(self, name: str) -> None: ...

    def restart(self, name: str) -> None: ...

    def running(self, name: str) -> Running: ...

    def reopen_logs(self, name: str) -> None:
        """Let a service write to new log files, after a rotation."""

    def neighbours(self) -> Mapping[str, Running]:
        """What else runs on this host for an installation, by its title."""


def find_manager(run_dir: Path, log_dir: Path | None, config_file: Path) -> Manager:
    """The manager of this host."""
    if Path("/run/systemd/system").is_dir():
        from st2lite.services.ctl.systemd import Systemd

        return Systemd()
    return PidFiles(run_dir, log_dir or run_dir, config_file)


class PidFiles:
    """Services are processes of their own, known by files with their process ids: for containers and small hosts."""

    def __init__(self, run_dir: Path, log_dir: Path, config_file: Path) -> None:
        self._run_dir = run_dir
        self._log_dir = log_dir
        self._config_file = config_file

    def require_rights(self) -> None:
        """Each service says itself whom it belongs to."""

    def start(self, name: str) -> None:
        if self.pid(name) is not None:
            return
        try:
            for directory in (self._run_dir, self._log_dir):
                directory.mkdir(parents=True, exist_ok=True)
            with (self._log_dir / f"{name}.log").open("ab") as log:
                process = subprocess.Popen(
                    [sys.executable, "-m", f"st2lite.commands.{name}", "--config-file", str(self._config_file)],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                    cwd="/", start_new_session=True,
                )  # fmt: skip
            # The time of its start tells it from whoever gets the same number after a reboot.
            self._file(name).write_text(f"{process.pid} {_started(process.pid)}\n", encoding="ascii")
        except OSError as error:
            raise St2liteError(f"{name} cannot be started: {error.filename}: {error.strerror}.") from None

    def stop(self, name: str) -> None:
        pid = self.pid(name)
        if pid is not None:
            self._signal(name, pid, signal.SIGTERM)
            deadline = time.monotonic() + STOP_SECONDS
            while self.pid(name) is not None:
                if time.monotonic() > deadline:
                    self._signal(name, pid, signal.SIGKILL)
                    break
                time.sleep(_PAUSE)
        self._file(name).unlink(missing_ok=True)

    def restart(self, name: str) -> None:
        self.stop(name)
        self.start(name)

    def running(self, name: str) -> Running:
        pid = self.pid(name)
        return Running((), "does not run") if pid is None else Running((pid,))

    def neighbours(self) -> Mapping[str, Running]:
        return {}

    def pid(self, name: str) -> int | None:
        """The process of a service, None if it does not run."""
        try:
            pid, started = self._file(name).read_text(encoding="ascii").split()
        except (OSError, ValueError):
            return None
        return int(pid) if _started(int(pid)) == started else None

    def reopen_logs(self, name: str) -> None:
        pid = self.pid(name)
        if pid is None:
            raise St2liteError(f"{name} does not run.")
        self._signal(name, pid, signal.SIGUSR1)

    def _file(self, name: str) -> Path:
        return self._run_dir / f"{name}.pid"

    @staticmethod
    def _signal(name: str, pid: int, number: signal.Signals) -> None:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass
        except PermissionError:
            raise St2liteError(f"{name} (pid {pid}) belongs to another user: run as that user or as root.") from None


def _started(pid: int) -> str:
    """When a process was started, in clock ticks since boot (field 22 of proc(5)); empty for one that has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in ("Z", "X") else fields[19]
