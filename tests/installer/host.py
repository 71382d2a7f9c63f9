"""A test host on which install.sh is run: commands, faults, and a fingerprint of its file system."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PROGRAM = REPOSITORY / "molecule/host/host"
HOSTS = Path(os.environ.get("ST2LITE_HOSTS") or "/var/lib/st2lite-hosts")
RELEASE = "/srv/dist"
PATIENCE_SECONDS = 1800
_PAUSE_SECONDS = 0.05

MONGODB = (
    "--set=mongodb_repository_url=file:///srv/mongodb-repository",
    "--set=mongodb_repository_key_file=/srv/mongodb-repository/server.asc",
)
"""What an installation on a test host always needs: where the stand-in for MongoDB is."""

# What every machine gathers by itself, and what a login leaves.
_OF_ITSELF = (
    "proc", "sys", "dev", "run", "tmp", "srv", "var/tmp", "var/cache", "var/lib/systemd", "var/lib/private",
    "var/log/journal", "var/log/apt", "root/.ssh", "root/.cache", "etc/ld.so.cache",
)  # fmt: skip
_LOGS_OF_LOGINS = ("var/log/wtmp", "var/log/lastlog", "var/log/btmp", "var/log/faillog")

Result = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class InstallerHost:
    """The host `name`, which molecule/host/host has made."""

    name: str

    @property
    def root(self) -> Path:
        """Its file system, seen from outside."""
        return HOSTS / self.name / "root"

    def path(self, name: str) -> Path:
        """Where the absolute path `name` of the host is, seen from outside."""
        return self.root / name.lstrip("/")

    def run(self, command: str, stdin: str = "") -> Result:
        """Run a line of shell on the host."""
        words = self._words(command)
        return subprocess.run(words, input=stdin, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)

    def start(self, command: str) -> subprocess.Popen[bytes]:
        """Begin to run a line of shell on the host."""
        return subprocess.Popen(
            self._words(command), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def _words(self, command: str) -> list[str]:
        return ["ssh", "-F", str(HOSTS / self.name / "ssh_config"), self.name, command]

    def ask(self, command: str) -> str:
        """Run a line of shell that has to succeed, and return what it says."""
        done = self.run(command)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def install(self, *options: str, fault: str = ":", stdin: str = "", **environment: str) -> Result:
        """Run install.sh from the release, after the line of shell `fault`, whose mounts end with the run."""
        variables = {"ST2_RELEASE_URL": f"file://{RELEASE}", **environment}
        words = ["env", *(f"{name}={value}" for name, value in variables.items() if value)]
        words += ["sh", f"{RELEASE}/install.sh", "--yes", *options]
        script = f"{fault} && exec {shlex.join(words)}"
        return self.run(f"unshare --mount sh -c {shlex.quote(script)}", stdin)

    def fingerprint(self) -> dict[str, object]:
        """Kind, rights and owner of all there is; of files also size, time and number, which any write changes."""
        found: dict[str, object] = {}
        for folder, folders, files in os.walk(self.root):
            below = os.path.relpath(folder, self.root)
            folders[:] = [name for name in folders if os.path.normpath(f"{below}/{name}") not in _OF_ITSELF]
            for name in [*folders, *files]:
                known = os.lstat(f"{folder}/{name}")
                path = os.path.normpath(f"{below}/{name}")
                if path in _OF_ITSELF or path in _LOGS_OF_LOGINS:
                    continue
                row: tuple[object, ...] = (stat.filemode(known.st_mode), known.st_uid, known.st_gid)
                if not stat.S_ISDIR(known.st_mode):
                    row += (known.st_size, known.st_mtime_ns, known.st_ino)
                found[path] = row
        return found


def create(name: str, suite: str, release: Path) -> InstallerHost:
    """Make a fresh host of that name with `release` in the folder RELEASE; nothing wakes up on it by itself."""
    subprocess.run([PROGRAM, "destroy", name], check=True)
    subprocess.run([PROGRAM, "create", name, "--suite", suite], check=True)
    host = InstallerHost(name)
    lay(release, host.path(RELEASE))
    host.ask("systemctl disable --now --quiet apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer")
    host.ask("systemctl disable --now --quiet e2scrub_all.timer fstrim.timer systemd-tmpfiles-clean.timer; true")
    return host


def destroy(host: InstallerHost) -> None:
    """Take the host away."""
    subprocess.run([PROGRAM, "destroy", host.name], check=True)


def lay(source: Path, target: Path) -> None:
    """Copy a folder into a host, readable for all of its users."""
    subprocess.run(["cp", "-RT", "--no-preserve=mode,ownership", source, target], check=True)


def difference(before: dict[str, object], after: dict[str, object]) -> list[str]:
    """What is not the same in two fingerprints, one line for each path."""
    return [
        f"{path}: {before.get(path, 'not there')} -> {after.get(path, 'gone')}"
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for something that another process brings about."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what}: did not come about"
        time.sleep(_PAUSE_SECONDS)
