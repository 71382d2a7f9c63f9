"""Locks that all processes agree on: what the suite asks of them, and opening what `[coordination] url` names."""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from st2lite.models.errors import ConfigError

_SERVICES = ("redis", "zookeeper", "kazoo")


class Hold(Protocol):
    """A lock that is held."""

    def kept(self) -> bool:
        """Tell whether it was ours all the time; a service that was restarted may have given it to others."""


class Locks(Protocol):
    """Keeps locks. Safe to use from many threads; one instance per process (open it after forking)."""

    def hold(self, name: str, patience: float) -> AbstractContextManager[Hold]:
        """Hold the lock of this name, which no other thread, process or host holds meanwhile.

        Raises `LockUnavailable` when it cannot be had within `patience` seconds. A lock whose holder is killed becomes
        free: at once on one host, after `[coordination] lock_timeout` seconds elsewhere. Not to be taken twice.
        """

    def close(self) -> None:
        """Release connections."""


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
        from st2lite.policies.local_locks import MemoryLocks

        return MemoryLocks()
    if parts.scheme == "file" and parts.path.startswith("/") and not parts.netloc:
        from st2lite.policies.local_locks import FileLocks

        return FileLocks(Path(unquote(parts.path)))
    if parts.scheme in _SERVICES:
        from st2lite.policies.remote_locks import RemoteLocks

        return RemoteLocks(url, lock_timeout)
    if parts.scheme == "file":
        raise ConfigError(
            "[coordination] url: write three slashes and an absolute path, as in file:///var/lib/st2/locks."
        )
    raise ConfigError(
        f'[coordination] url: its scheme "{parts.scheme}" is not supported; use redis://host:6379, '
        "zookeeper://host:2181 or, on one host, file:///directory."
    )


def key_of(name: str) -> str:
    """The name of a lock as every keeper of locks accepts it, whatever an action is called."""
    return f"st2lite-{hashlib.sha256(name.encode()).hexdigest()[:32]}"
