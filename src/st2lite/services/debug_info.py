"""What helps to find out why an installation does not work, in one archive that holds no secrets."""

from __future__ import annotations

import io
import json
import os
import platform
import re
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote

from st2lite import __version__
from st2lite.config.load import read_file
from st2lite.services.installation import Installation
from st2lite.services.logs import mask

MASK = "********"
LOG_BYTES = 1 << 20
"""So much of the end of each log is taken."""
_SECRETS_DIRECTORY = Path("/etc/st2/secrets")
_SECRET_NAME = re.compile(r"(?i)(?:^|[_-])(?:pass(?:word|phrase)?|secret|token|key|credentials?)$")
_IN_URL = re.compile(r"(?<=://)([^\s/@,]+)@")
_SHORTEST = 6
"""What is shorter is masked where it stands, and not looked for elsewhere: too much else would look like it."""
_COMMAND_SECONDS = 30
_COMMANDS = {
    "system/units.txt": ("systemctl", "list-units", "--all", "--no-pager", "st2*", "mongod*", "rabbitmq*", "nginx*"),
    "system/status.txt": ("systemctl", "status", "--no-pager", "--full", "--lines=0", "st2*"),
    "system/journal.txt": ("journalctl", "--no-pager", "--lines=2000", "-u", "st2*", "-u", "mongod*",
                           "-u", "rabbitmq-server*", "-u", "nginx*"),
    "system/listening.txt": ("ss", "--listening", "--tcp", "--numeric", "--processes"),
    "system/disk.txt": ("df", "--human-readable", "--local"),
    "system/memory.txt": ("free", "--mebi"),
    "system/processes.txt": ("ps", "-eo", "pid,ppid,user,pcpu,rss,etime,comm"),
}  # fmt: skip


@dataclass
class DebugInfo:
    """Collects one installation. `secrets` are the texts that it has met and that must be nowhere in the archive."""

    place: Installation
    configs: bool = True
    logs: bool = True
    system: bool = True
    secrets: set[str] = field(default_factory=set)

    def write(self, path: Path, say: Callable[[str], None]) -> None:
        """Write the archive (.tar.gz, mode 0600); raise `OSError`, also if there is such a file."""
        # The configuration comes first: what it has for secrets is then looked for in everything.
        parts = [*self._settings(), *self._about(), *self._logs(), *self._system()]
        name = path.name.removesuffix(".tar.gz")
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
            for part, text in parts:
                say(part)
                data = self.clean(text).encode("utf-8", "replace")
                entry = tarfile.TarInfo(f"{name}/{part}")
                entry.size, entry.mtime, entry.mode = len(data), int(time.time()), 0o600
                archive.addfile(entry, io.BytesIO(data))

    def clean(self, text: str) -> str:
        """The text without any secret that is known, or that looks like one."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, MASK)
        return mask(text)

    def _settings(self) -> Iterator[tuple[str, str]]:
        for file in sorted(_SECRETS_DIRECTORY.glob("*")) if os.access(_SECRETS_DIRECTORY, os.R_OK) else []:
            if file.is_file():
                self._remember(file.read_text("utf-8", "replace").strip())
        self._remember_key()
        if self.place.config_file is None:
            return
        lines = []
        for section, options in read_file(self.place.config_file).items():
            lines += ["", f"[{section}]"]
            lines += [f"{name} = {self._masked(name, value)}" for name, value in options.items()]
        if self.configs:
            yield "configuration/st2.conf", "\n".join(lines) + "\n"
            for file in sorted(self.place.config_file.parent.glob("logging.*.conf")):
                yield f"configuration/{file.name}", file.read_text("utf-8", "replace")

    def _masked(self, name: str, value: str) -> str:
        """The value of an option without what is secret in it: all of it, credentials in URLs, or members of JSON."""
        if _SECRET_NAME.search(name):
            self._remember(value)
            return MASK if value else ""
        for credentials in _IN_URL.findall(value):
            self._remember(credentials.partition(":")[2])
        try:
            members = json.loads(value) if value.startswith("{") else None
        except ValueError:
            members = None
        if isinstance(members, dict):
            return json.dumps({key: self._masked(key, str(member)) for key, member in members.items()})
        return _IN_URL.sub(f"{MASK}@", value)

    def _remember_key(self) -> None:
        """The parts of the datastore's key, where this user can read it."""
        path = self.place.config.keyvalue.encryption_key_path
        try:
            key = json.loads(Path(path).read_text()) if path else {}
            self._remember(key.get("aesKeyString", ""))
            self._remember(key.get("hmacKey", {}).get("hmacKeyString", ""))
        except (OSError, ValueError, AttributeError):
            return

    def _remember(self, secret: str) -> None:
        for text in (secret, unquote(secret), quote(secret, safe="")):
            if len(text) >= _SHORTEST:
                self.secrets.add(text)

    def _about(self) -> Iterator[tuple[str, str]]:
        release = Path("/etc/os-release")
        lines = [
            f"st2lite {__version__}, Python {sys.version.split()[0]} ({sys.executable})",
            f"{platform.system()} {platform.release()} {platform.machine()}, {os.cpu_count()} processors",
            f"collected at {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} by user id {os.geteuid()}",
            "",
            release.read_text() if release.is_file() else "",
        ]
        yield "about.txt", "\n".join(lines)
        yield "packs.txt", "".join(f"{line}\n" for line in self._packs())
        yield "python-packages.txt", _output((sys.executable, "-m", "pip", "list", "--format=freeze"))

    def _packs(self) -> Iterator[str]:
        """Names of packs with their directories and versions; configurations of packs are left out altogether."""
        from st2lite.content.packs import has_manifest, read_pack
        from st2lite.models.errors import St2liteError
        from st2lite.services.packs import pack_locations

        for name, directory in pack_locations(self.place.config).all_packs().items():
            try:
                version = read_pack(directory).version if has_manifest(directory) else "has no pack.yaml"
            except St2liteError as error:
                version = error.message
            yield f"{name}  {version}  {directory}"

    def _logs(self) -> Iterator[tuple[str, str]]:
        directory = self.place.config.log.directory or (
            str(self.place.data_dir / "logs") if self.place.data_dir else ""
        )
        for file in sorted(Path(directory).glob("*.log")) if self.logs and directory else []:
            try:
                yield f"logs/{file.name}", _end_of(file)
            except OSError as error:
                yield f"logs/{file.name}", f"cannot be read: {error.strerror}\n"

    def _system(self) -> Iterator[tuple[str, str]]:
        if self.system:
            for name, command in _COMMANDS.items():
                yield name, _output(command)


def _end_of(file: Path) -> str:
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - LOG_BYTES))
        return stream.read(LOG_BYTES).decode("utf-8", "replace")


def _output(command: Sequence[str]) -> str:
    """What a program prints, or why it does not."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=_COMMAND_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{' '.join(command)}: {error}\n"
    return done.stdout + done.stderr
