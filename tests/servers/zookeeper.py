"""ZooKeeper as the distribution ships it: a server of its own, with its own port, configuration and data.

with ZooKeeperServer(tmp_path) as server:
    locks = open_locks(server.url, lock_timeout=10)
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

from tests.servers import require
from tests.servers.ports import free_ports

START_SECONDS = 90
TICK_MILLISECONDS = 500
"""Its unit of time; the shortest session lasts two of them."""

_JAR = Path("/usr/share/java/zookeeper.jar")


class ZooKeeperServer:
    """One server with its data under `directory`. It keeps port and data over `kill()` and `start()`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> ZooKeeperServer:
        require(shutil.which("java") and _JAR.exists(), "zookeeper (apt-get install zookeeper)")
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.port,) = free_ports(1)
        settings = (
            f"tickTime={TICK_MILLISECONDS}", f"dataDir={self.directory / 'data'}", f"clientPort={self.port}",
            "clientPortAddress=127.0.0.1", "admin.enableServer=false", "4lw.commands.whitelist=ruok", "forceSync=no",
        )  # fmt: skip
        (self.directory / "zoo.cfg").write_text("\n".join(settings) + "\n")
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def url(self) -> str:
        return f"zookeeper://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the server and wait until it serves clients."""
        assert self._process is None, "the server is running already"
        log_file = self.directory / "console.log"
        with log_file.open("ab") as log:
            self._process = subprocess.Popen(self._command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"ZooKeeper did not start:\n{log_file.read_text()}")
            time.sleep(0.05)

    def kill(self) -> None:
        """End the server as a crash would (SIGKILL)."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _command(self) -> list[str]:
        # Not by its script: that forks, and wants a user and directories of the system.
        return [
            "java", "-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", str(_JAR),
            "org.apache.zookeeper.server.quorum.QuorumPeerMain", str(self.directory / "zoo.cfg"),
        ]  # fmt: skip

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as client:
                client.sendall(b"ruok")
                return client.recv(4) == b"imok"
        except OSError:
            return False
