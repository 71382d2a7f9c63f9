"""A private OpenSSH server: own port, host key, configuration and list of keys that may log in.

with SshServer(tmp_path) as server:
    server.authorize(public_key_text)
    connect("127.0.0.1", server.port)
"""

from __future__ import annotations

import getpass
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from tests.processes import end
from tests.servers import require
from tests.servers.ports import free_ports

START_SECONDS = 60
STOP_SECONDS = 10


def program() -> str | None:
    """Path of sshd, which is often not on the PATH of a user; it insists on being started by its full path."""
    return shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


class SshServer:
    """One sshd. Whoever runs the tests can log in with an authorized key; as root other users can with their password.

    `addresses` are what it listens at, all with the same port. `log` is its log file.
    """

    user = getpass.getuser()

    def __init__(
        self, directory: Path, *, addresses: Sequence[str] = ("127.0.0.1",), options: Sequence[str] = ()
    ) -> None:
        self.directory = directory
        self.addresses = tuple(addresses)
        self.port = 0
        self.log = directory / "sshd.log"
        self._keys = directory / "authorized_keys"
        self._host_key = directory / "host_key"
        self._options = tuple(options)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> SshServer:
        require(program(), "sshd (Debian package openssh-server)")
        self.directory.mkdir(parents=True, exist_ok=True)
        self._keys.touch(mode=0o600)
        make_key(self._host_key)
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def host_key(self) -> str:
        """The public host key as `type base64`, the way a line of known_hosts ends."""
        return " ".join(self._host_key.with_suffix(".pub").read_text().split()[:2])

    def authorize(self, public_key: str) -> None:
        """Let the owner of `public_key` log in as `user`."""
        with self._keys.open("a") as file:
            file.write(public_key.strip() + "\n")

    def start(self) -> None:
        """Start at a free port and wait for the first banner."""
        (self.port,) = free_ports(1)
        configuration = self.directory / "sshd_config"
        configuration.write_text("\n".join(self._configuration()) + "\n")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(program()), "-D", "-e", "-f", str(configuration)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server by its pid; open connections go with it."""
        process, self._process = self._process, None
        if process is not None:
            end(process, STOP_SECONDS)

    def _configuration(self) -> list[str]:
        lines = [
            f"Port {self.port}",
            *(f"ListenAddress {address}" for address in self.addresses),
            f"HostKey {self._host_key}",
            f"AuthorizedKeysFile {self._keys}",
            f"PidFile {self.directory / 'sshd.pid'}",
            "StrictModes no",
            "UsePAM no",
            "PermitRootLogin prohibit-password",
            "PasswordAuthentication yes",
            "KbdInteractiveAuthentication no",
            "MaxStartups 200",
            "LogLevel VERBOSE",
            "UseDNS no",
            "Subsystem sftp internal-sftp",
            *self._options,
        ]
        if _version() >= (9, 8):
            lines.append("PerSourcePenalties no")  # tests that fail to log in come from the address of all others
        return lines

    def _wait(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with socket.create_connection((self.addresses[0], self.port), timeout=5) as link:
                    if link.recv(4) == b"SSH-":
                        return
            except OSError:
                pass
            time.sleep(0.05)
        raise RuntimeError(f"sshd did not start:\n{self.log.read_text()}")


def make_key(path: Path, kind: str = "ed25519", passphrase: str = "", *options: str) -> str:
    """Make a key pair with ssh-keygen at `path` and `path.pub`; give the public key's text."""
    command = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "test", "-f", str(path), *options]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path.with_name(f"{path.name}.pub").read_text()


def _version() -> tuple[int, int]:
    answer = subprocess.run(["ssh", "-V"], capture_output=True, text=True, check=True).stderr
    found = re.search(r"OpenSSH_(\d+)\.(\d+)", answer)
    return (int(found[1]), int(found[2])) if found else (0, 0)
