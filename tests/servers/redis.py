"""Redis as the distribution ships it: a server of its own, on a free port, that keeps nothing on disk.

with RedisServer(tmp_path) as server:
    locks = open_locks(server.url, lock_timeout=60)
"""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from tests.servers import require
from tests.servers.listener import Listener
from tests.servers.ports import free_ports


class RedisServer(Listener):
    """One server. It keeps port and password over `kill()` and `start()`, and forgets everything else."""

    name = "Redis"
    start_seconds = 60
    question = b"PING\r\n"
    answer = b"-"  # it listens, and wants the password

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.password = secrets.token_urlsafe(12)

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

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        return ["redis-server", str(self.directory / "redis.conf")]
