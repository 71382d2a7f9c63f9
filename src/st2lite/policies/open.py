"""Opening the locks that `[coordination] url` names."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from st2lite.models.errors import ConfigError
from st2lite.policies.coordination import Locks
from st2lite.policies.local_locks import FileLocks, MemoryLocks
from st2lite.policies.remote_locks import RemoteLocks

_SERVICES = ("redis", "zookeeper", "kazoo")


def open_locks(url: str, lock_timeout: int) -> Locks:
    """Open the locks at a URL: memory:// within one process, file:///directory within one host, redis://host:port or
    zookeeper://host:port. Nothing is connected to before the first lock is taken.

    `lock_timeout` is in seconds. Raises `ConfigError` for any other URL.
    """
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - asking is checking
    except ValueError as error:
        raise ConfigError(f"[coordination] url: {error}.") from None
    if parts.scheme == "memory":
        return MemoryLocks()
    if parts.scheme == "file" and parts.path.startswith("/") and not parts.netloc:
        return FileLocks(Path(unquote(parts.path)))
    if parts.scheme in _SERVICES:
        return RemoteLocks(url, lock_timeout)
    if parts.scheme == "file":
        raise ConfigError(
            "[coordination] url: write three slashes and an absolute path, as in file:///var/lib/st2/locks."
        )
    raise ConfigError(
        f'[coordination] url: its scheme "{parts.scheme}" is not supported; use redis://host:6379, '
        "zookeeper://host:2181 or, on one host, file:///directory."
    )
