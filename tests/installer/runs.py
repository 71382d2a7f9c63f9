"""Runs of install.sh that are cut off, and what has to be true in the end."""

from __future__ import annotations

import itertools
import re
import shlex
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.installer.host import PATIENCE_SECONDS, InstallerHost, until

OUTPUT = "/var/cache/installer.out"
_SCAN_SECONDS = 0.5
_numbers = itertools.count()


class Run:
    """A run of install.sh as a unit of systemd, so that all of its processes can be killed at once."""

    def __init__(self, host: InstallerHost, command: str, environment: dict[str, str], stdin: str = "") -> None:
        self.host = host
        # Not as arguments: what must not be in the process list would be.
        host.path("/var/cache/installer.env").write_text("".join(f'{k}="{v}"\n' for k, v in environment.items()))
        host.path("/var/cache/installer.in").write_text(stdin)
        host.path(OUTPUT).write_text("")
        properties = [
            "KillMode=process", "EnvironmentFile=/var/cache/installer.env", f"StandardOutput=append:{OUTPUT}",
            f"StandardError=append:{OUTPUT}", "StandardInput=file:/var/cache/installer.in",
        ]  # fmt: skip
        words = " ".join(f"--property={shlex.quote(text)}" for text in properties)
        # What one that was killed has started may still be there, and keeps its unit.
        self.unit = f"st2lite-install-{next(_numbers)}"
        # It waits for the end, which is known by that: nobody has to ask again and again, which slows the host down.
        self._whole = host.start(f"systemd-run --quiet --wait --collect --unit={self.unit} {words} {command}")

    @property
    def output(self) -> str:
        """What it has said so far."""
        return self.host.path(OUTPUT).read_text()

    @property
    def ended(self) -> bool:
        return self._whole.poll() is not None

    def wait_for(self, marker: str) -> None:
        """Wait until the text `marker` is said, or, for !NAME, a process of that command line is there."""
        if marker.startswith("!"):
            look = f"until pgrep -f {shlex.quote(marker[1:])}; do sleep 0.1; done"
            seen = self.host.start(f"timeout {PATIENCE_SECONDS} sh -c {shlex.quote(look)}")
            try:
                until(lambda: seen.poll() is not None or self.ended, marker)
            finally:
                seen.kill()
                seen.wait()
        else:
            until(lambda: marker in self.output or self.ended, marker)
        assert not self.ended, f"{marker} was not reached:\n{self.output}"

    def kill(self, signal: str, whom: str) -> None:
        """Send `signal` to the shell alone (main) or to everything that the run has started (all)."""
        self.host.ask(f"systemctl kill --signal={signal} --kill-whom={whom} {self.unit}")
        until(lambda: self.ended, f"the end after {signal}")

    def succeeds(self) -> str:
        """Wait for the end, which has to be a good one."""
        until(lambda: self.ended, "the end")
        output = self.output
        assert " is running (" in output or "as it should be" in output, output + log_end(self.host)
        numbers = steps(output)
        assert numbers == [f"{number}/{len(numbers)}" for number in range(1, len(numbers) + 1)], output
        return output


def log_end(host: InstallerHost) -> str:
    """The end of the last log."""
    logs = sorted(host.path("/var/log/st2").glob("install-*.log"))
    return "\n".join(logs[-1].read_text().splitlines()[-60:]) if logs else ""


def secrets(host: InstallerHost) -> dict[str, str]:
    """The secrets on the host by name, of those that exist."""
    folder = host.path("/etc/st2/secrets")
    return {path.name: path.read_text() for path in folder.iterdir()} if folder.exists() else {}


def is_whole(host: InstallerHost) -> None:
    """The host is what a run that was never disturbed would have made, and nothing of the disturbed ones is left."""
    for command in (
        "st2 run core.local hostname", "st2ctl status", "/opt/stackstorm/st2/bin/st2-self-check",
        "systemctl is-active mongod rabbitmq-server postgresql nginx st2api",
    ):  # fmt: skip
        done = host.run(command)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    left = "/var/tmp/st2lite.* /opt/stackstorm/installer/{*.new,*.before,venv.previous}"
    assert host.ask(f"ls -d {left} 2>/dev/null || :") == ""
    assert host.ask("ls /var/lib/st2lite/packages/*.before 2>/dev/null || :") == ""
    assert host.ask("dpkg --audit") == ""
    assert host.ask("systemctl list-units --failed --plain --no-legend") == ""


def readable_by_others(host: InstallerHost, texts: list[str]) -> list[str]:
    """Files that hold one of the `texts` and that others than root and the services may read, and logs with them."""
    found = []
    for folder in ("etc", "var", "opt", "root", "home", "tmp"):
        for path in (host.root / folder).rglob("*"):
            if (
                path.is_symlink()
                or not path.is_file()
                or "/var/cache/" in str(path)
                or "/var/lib/mongodb/" in str(path)
            ):
                continue
            if path.stat().st_size > 1 << 24:
                continue
            content = path.read_bytes()
            if any(text.encode() in content for text in texts):
                mode = stat.S_IMODE(path.stat().st_mode)
                if mode & 0o007 or "/var/log/" in str(path):
                    found.append(f"{mode:o} {path.relative_to(host.root)}")
    return found


@contextmanager
def watched(texts: list[str]) -> Iterator[list[str]]:
    """Collect command lines on the whole machine that hold one of the `texts`."""
    seen: list[str] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(_SCAN_SECONDS):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = path.read_bytes()
                except OSError:
                    continue
                if any(text.encode() in line for text in texts):
                    seen.append(line.replace(b"\0", b" ").decode(errors="replace"))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def steps(output: str) -> list[str]:
    """The numbers in a run's output, like 3/11."""
    return re.findall(r"^\[(\d+/\d+)\]", output, re.MULTILINE)
