"""Locks that all processes agree on: what the suite asks of those who keep them. `policies.open` opens one."""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager
from typing import Protocol


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


def key_of(name: str) -> str:
    """The name of a lock as every keeper of locks accepts it, whatever an action is called."""
    return f"st2lite-{hashlib.sha256(name.encode()).hexdigest()[:32]}"
