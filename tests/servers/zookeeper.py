"""ZooKeeper as the distribution ships it: a server of its own, with its own port, configuration and data.

with ZooKeeperServer(tmp_path) as server:
    locks = open_locks(server.url, lock_timeout=10)
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.servers import require
from tests.servers.listener import Listener
from tests.servers.ports import free_ports

TICK_MILLISECONDS = 500
"""Its unit of time; the shortest session lasts two of them."""

_JAR = Path("/usr/share/java/zookeeper.jar")


class ZooKeeperServer(Listener):
    """One server with its data under `directory`. It keeps port and data over `kill()` and `start()`."""

    name = "ZooKeeper"
    start_seconds = 90
    question = b"srvr"  # to "ruok" it says yes before it takes sessions, and one asked for too early may be lost
    answer = b"Zookeeper version"

    def __enter__(self) -> ZooKeeperServer:
        require(shutil.which("java") and _JAR.exists(), "zookeeper (apt-get install zookeeper)")
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.port,) = free_ports(1)
        settings = (
            f"tickTime={TICK_MILLISECONDS}", f"dataDir={self.directory / 'data'}", f"clientPort={self.port}",
            "clientPortAddress=127.0.0.1", "admin.enableServer=false", "4lw.commands.whitelist=srvr", "forceSync=no",
        )  # fmt: skip
        (self.directory / "zoo.cfg").write_text("\n".join(settings) + "\n")
        self.start()
        return self

    @property
    def url(self) -> str:
        return f"zookeeper://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        # Not by its script: that forks, and wants a user and directories of the system.
        return [
            "java", "-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", str(_JAR),
            "org.apache.zookeeper.server.quorum.QuorumPeerMain", str(self.directory / "zoo.cfg"),
        ]  # fmt: skip
