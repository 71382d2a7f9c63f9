"""RabbitMQ as the distribution ships it: a node of its own, with its own name, ports, data and user.

with RabbitServer(tmp_path) as server:
    bus = open_bus(server.url)
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

from tests.processes import end
from tests.servers import require
from tests.servers.certificates import Certificates, make_certificates
from tests.servers.ports import free_ports

START_SECONDS = 120
STOP_SECONDS = 60
_PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"


def program() -> str | None:
    """Path of the server's start script. The one on the PATH changes user first, which a private node does not need."""
    scripts = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))
    return str(scripts[-1]) if scripts else None


class RabbitServer:
    """One node with its data under `directory`. It keeps ports, data and user over `kill()` or `stop()` and `start()`.

    With `tls` it listens with TLS only; trust `certificates.authority`.
    """

    user = "st2"

    def __init__(self, directory: Path, *, tls: bool = False) -> None:
        self.directory = directory
        self.password = secrets.token_urlsafe(12)
        self.certificates: Certificates | None = make_certificates(directory / "tls") if tls else None
        self.port = 0
        self._node = f"st2test-{secrets.token_hex(4)}@localhost"
        self._process: subprocess.Popen[bytes] | None = None
        self._epmd: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RabbitServer:
        require(program() and shutil.which("epmd"), "rabbitmq-server (apt-get install rabbitmq-server)")
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port, self._distribution_port, self._epmd_port = free_ports(3)
        self._write_configuration()
        try:
            self._epmd = subprocess.Popen(
                ["epmd", "-port", str(self._epmd_port), "-address", "127.0.0.1"], stdin=subprocess.DEVNULL
            )
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Process id of the running node."""
        assert self._process is not None, "the node is not running"
        return self._process.pid

    @property
    def url(self) -> str:
        """URL with user and password."""
        scheme = "amqps" if self.certificates else "amqp"
        return f"{scheme}://{self.user}:{self.password}@127.0.0.1:{self.port}//"

    def start(self) -> None:
        """Start the node and wait until it serves clients."""
        assert self._process is None, "the node is running already"
        path = program()
        assert path is not None
        with (self.directory / "console.log").open("ab") as log:
            self._process = subprocess.Popen(
                [path], env=self._environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"RabbitMQ did not start:\n{(self.directory / 'console.log').read_text()}")
            time.sleep(0.1)

    def stop(self) -> None:
        """End the node in an orderly way."""
        if self._process is not None:
            end(self._process, STOP_SECONDS)
            self._process = None

    def kill(self) -> None:
        """End the node as a crash would (SIGKILL)."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """End the node and what was started for it."""
        self.kill()
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait()
            self._epmd = None

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as client:
                if self.certificates:
                    return True
                client.sendall(_PROTOCOL_HEADER)
                return bool(client.recv(1))
        except OSError:
            return False

    def _write_configuration(self) -> None:
        lines = [
            f"default_user = {self.user}",
            f"default_pass = {self.password}",
            "loopback_users = none",
            "disk_free_limit.absolute = 1MB",
            "vm_memory_high_watermark.absolute = 512MB",
            "log.console = true",
            "log.console.level = warning",
            "log.file = false",
        ]
        if self.certificates:
            lines += [
                "listeners.tcp = none",
                f"listeners.ssl.1 = 127.0.0.1:{self.port}",
                f"ssl_options.cacertfile = {self.certificates.authority}",
                f"ssl_options.certfile = {self.certificates.certificate}",
                f"ssl_options.keyfile = {self.certificates.key}",
                "ssl_options.verify = verify_none",
            ]
        else:
            lines.append(f"listeners.tcp.1 = 127.0.0.1:{self.port}")
        (self.directory / "rabbitmq.conf").write_text("\n".join(lines) + "\n")
        (self.directory / "enabled_plugins").write_text("[].\n")

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.directory),  # the node's cookie is kept here
            "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RUNNING_UNDER_SYSTEMD": "1",  # the start script becomes the server instead of watching over it
            "RABBITMQ_NODENAME": self._node,
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_CONFIG_FILE": str(self.directory / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.directory / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.directory / "data"),
            "RABBITMQ_LOG_BASE": str(self.directory / "log"),
            "RABBITMQ_PID_FILE": str(self.directory / "pid"),
            # One scheduler that does not spin while idle: the machine is shared with the tests.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none",
        }
