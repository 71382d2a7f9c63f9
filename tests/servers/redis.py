"""Redis as the distribution ships it: a server of its own, on a free port, that keeps nothing on disk.

with RedisServer(tmp_path) as server:
    locks = open_locks(server.url, lock_timeout=60)
"""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

from tests.servers import require
from tests.servers.ports import free_ports

START_SECONDS = 30


class RedisServer:
    """One server. It keeps port and password over `kill()` or `stop()` and `start()`, and forgets everything else."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.password = secrets.token_urlsafe(12)
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RedisServer:
        require(shutil.which("redis-server"), "redis-server (apt-get install redis-server)")
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.port,) = free_ports(1)
        settings = (
            "bind 127.0.0.1", f"port {self.port}", f"requirepass {self.password}", 'save ""', f"dir {self.directory}",
        )  # fmt: skip
        configuration = self.directory / "redis.conf"
        configuration.touch(mode=0o600)
        configuration.write_text("\n".join(settings) + "\n")
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the server and wait until it listens."""
        assert self._process is None, "the server is running already"
        with (self.directory / "console.log").open("ab") as log:
            self._process = subprocess.Popen(
                ["redis-server", str(self.directory / "redis.conf")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"Redis did not start:\n{(self.directory / 'console.log').read_text()}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End the server as a crash would (SIGKILL)."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as client:
                client.sendall(b"PING\r\n")
                return client.recv(1) == b"-"  # it listens, and wants the password
        except OSError:
            return False
