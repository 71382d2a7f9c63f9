"""Locks between hosts: Redis or ZooKeeper, by way of tooz.

Tooz and its drivers are imported when the first lock is taken: they cost a third of a second, and most action runners
never need them. Its calls may block for as long as the service is away, so they run on threads of their own and whoever
wants a lock waits for those no longer than it has patience.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillWaiting
from typing import Any
from urllib.parse import parse_qs, urlsplit

from st2lite.models.errors import LockUnavailable
from st2lite.models.ids import new_id
from st2lite.policies.coordination import Hold, key_of
from st2lite.policies.crew import Crew
from st2lite.policies.local_locks import MemoryLocks, growing_pauses

logger = logging.getLogger(__name__)

_THREADS = 8
_ANSWER_SECONDS = 5
_CLOSE_SECONDS = 2
_SILENCE = 1.0
"""Seconds for which a service that did not answer is not asked again: else each that needs it would wait in vain."""

_GRACE = 0.5
"""Seconds that an answer may take beyond the patience of who waits: that others have the lock is an answer, too."""


class RemoteLocks:
    """Locks at a coordination service. Threads of this process queue up here, so that one of them asks the service."""

    def __init__(self, url: str, lock_timeout: int) -> None:
        self._url = url
        self._lock_timeout = lock_timeout
        self._polls = urlsplit(url).scheme == "redis"
        self._threads = MemoryLocks()
        self._crew = Crew(_THREADS, "locks")
        self._connecting = threading.Lock()
        self._coordinator: Any = None
        self._silent_until = 0.0
        self._closed = False

    @contextlib.contextmanager
    def hold(self, name: str, patience: float) -> Iterator[Hold]:
        deadline = time.monotonic() + patience
        with self._threads.hold(name, patience):
            if self._closed:
                raise self._away("this process is stopping")
            if time.monotonic() < self._silent_until:
                raise self._away("it did not answer a moment ago")
            lock = self._wait_for(self._crew.submit(lambda: self._acquire(name, deadline)), name, patience, deadline)
            try:
                yield _RemoteHold(self._crew, lock)
            finally:
                # What cannot be released now is freed by the service, or by this thread when that is back.
                with contextlib.suppress(StillWaiting):
                    self._crew.submit(lambda: _release(lock)).result(_ANSWER_SECONDS)

    def close(self) -> None:
        with self._connecting:
            coordinator, self._coordinator = self._coordinator, None
            self._closed = True
        if coordinator is not None:
            # Not by the crew: all of it may wait for the service.
            stopping = threading.Thread(target=_stop, args=(coordinator,), name="locks", daemon=True)
            stopping.start()
            stopping.join(_CLOSE_SECONDS)
        self._crew.close()

    def _wait_for(self, attempt: Future[Any], name: str, patience: float, deadline: float) -> Any:
        try:
            lock = attempt.result(max(deadline - time.monotonic(), 0.0) + _GRACE)
        except StillWaiting:
            attempt.add_done_callback(_give_back)
            attempt.cancel()
            self._silent_until = time.monotonic() + _SILENCE
            raise self._away(f"no answer within {patience:g} seconds") from None
        except Exception as error:
            self._silent_until = time.monotonic() + _SILENCE
            raise self._away(str(error)) from error
        if lock is None:
            raise LockUnavailable(f'The lock "{name}" was taken by others for {patience:g} seconds.')
        return lock

    def _acquire(self, name: str, deadline: float) -> Any:
        """The lock, acquired; None when others had it all the time."""
        lock = self._connected().get_lock(key_of(name).encode())
        if not self._polls:
            return lock if lock.acquire(blocking=max(deadline - time.monotonic(), 0.001)) else None
        # The driver itself would ask every tenth of a second only.
        pauses = growing_pauses()
        while not lock.acquire(blocking=False):
            if time.monotonic() >= deadline:
                return None
            time.sleep(next(pauses))
        return lock

    def _connected(self) -> Any:
        with self._connecting:
            if self._closed:
                raise self._away("this process is stopping")  # nobody would close a connection that is made now
            if self._coordinator is None:
                coordinator = _make_coordinator(self._url, self._lock_timeout)
                try:
                    coordinator.start()
                except Exception:
                    _stop(coordinator)
                    raise
                self._coordinator = coordinator
            return self._coordinator

    def _away(self, reason: str) -> LockUnavailable:
        scheme, _, rest = self._url.partition("://")
        place = f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"
        return LockUnavailable(f"The coordination service at {place} ([coordination] url) is not to be had: {reason}.")


class _RemoteHold:
    def __init__(self, crew: Crew, lock: Any) -> None:
        self._crew = crew
        self._lock = lock

    def kept(self) -> bool:
        try:
            return bool(self._crew.submit(self._lock.is_still_owner).result(_ANSWER_SECONDS))
        except Exception as error:  # noqa: BLE001 - each driver has errors of its own; all mean that nobody knows
            logger.info("Whether a lock was kept is not known: %s", error)
            return False


def _release(lock: Any) -> None:
    try:
        lock.release()
    except Exception as error:  # noqa: BLE001 - the same; the service frees the lock by itself
        logger.info("A lock could not be released, and will be free after its time: %s", error)


def _give_back(attempt: Future[Any]) -> None:
    """Release a lock that came when nobody waited for it any more."""
    if not attempt.cancelled() and attempt.exception() is None and attempt.result() is not None:
        _release(attempt.result())


def _stop(coordinator: Any) -> None:
    # Tooz forgets its clients without closing their sockets, and has no other way to them.
    redis, zookeeper = getattr(coordinator, "_client", None), getattr(coordinator, "_coord", None)
    for end in (coordinator.stop, getattr(redis, "close", None), getattr(zookeeper, "close", None)):
        if end is not None:
            try:
                end()
            except Exception as error:  # noqa: BLE001 - the same
                logger.info("The connection to the coordination service could not be closed: %s", error)


def _make_coordinator(url: str, lock_timeout: int) -> Any:
    """Load tooz and the driver of the URL, without eventlet: one of their libraries loads it where it is installed, for
    20 MiB."""
    member = f"{socket.gethostname()}-{os.getpid()}-{new_id()}".encode()
    defaults = {"timeout": lock_timeout, "lock_timeout": lock_timeout, "socket_timeout": _ANSWER_SECONDS}
    given = parse_qs(urlsplit(url).query)
    options: dict[str, Any] = {name: str(value) for name, value in defaults.items() if name not in given}
    forbidden = "eventlet" not in sys.modules
    if forbidden:
        sys.modules["eventlet"] = None  # type: ignore[assignment]  # None forbids the import
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from tooz import coordination

            return coordination.get_coordinator(url, member, **options)
    finally:
        if forbidden:
            del sys.modules["eventlet"]
