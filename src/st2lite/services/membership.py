"""The service registry: each process makes known which services run in it, and renews that while it lives."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from st2lite.models.errors import Conflict, St2liteError, StaleWrite
from st2lite.models.service import ServiceMember
from st2lite.services.memory import SpareMemory
from st2lite.storage.contract import Store

logger = logging.getLogger(__name__)

LEASE = 90.0
"""Seconds for which a process counts as running after its last sign of life."""

RENEWAL = 30.0
"""Seconds between signs of life."""

Address = tuple[str, int]
"""Host and port that a service listens on."""

_GROUPS = {"st2timersengine": "timer_engine"}


class HasStore(Protocol):
    """An app context, whose store is opened at its first use."""

    @property
    def store(self) -> Store: ...


class Membership:
    """Keeps this process in the registry, from a thread of its own: nobody waits for it.

    `services` maps names (`st2api`) to the addresses they listen on (None: they do not). Processes that gunicorn forked
    for one service give its pid and are one member.
    """

    def __init__(
        self,
        context: HasStore,
        services: Mapping[str, Address | None],
        pid: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._context = context
        self._clock = clock
        self._members = [_member(name, address, pid or os.getpid()) for name, address in services.items()]
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._live, name="membership", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Leave the registry."""
        self._stopped.set()
        self._thread.join()
        for member in self._members:
            self._attempt(member, lambda store, member: store.delete(ServiceMember, member.id))

    def renew(self) -> None:
        """Give a sign of life now."""
        for member in self._members:
            self._attempt(member, self._renew)

    def _live(self) -> None:
        self.renew()
        spare = SpareMemory()
        while not self._stopped.wait(RENEWAL):
            self.renew()
            spare.give_back()  # here, for this is the one thread in every process that wakes up now and then

    def _renew(self, store: Store, member: ServiceMember) -> None:
        member.expires = self._clock() + LEASE
        try:
            if member.rev:
                store.replace(member)
            else:
                store.insert(member)
        except (StaleWrite, Conflict):  # another process of this service, or an earlier one that had our pid
            stored = store.get(ServiceMember, member.id)
            member.rev = stored.rev if stored else 0
            if stored is None or stored.expires < member.expires:
                (store.replace if stored else store.insert)(member)

    def _attempt(self, member: ServiceMember, step: Callable[[Store, ServiceMember], object]) -> None:
        try:
            step(self._context.store, member)
        except St2liteError as error:
            logger.info("The service registry could not be written: %s", error.message)
        except Exception:
            logger.exception("The service registry could not be written.")


def group_of(service: str) -> str:
    """Name of a service in the registry, as StackStorm's clients know it."""
    return _GROUPS.get(service, service.removeprefix("st2"))


def _member(service: str, address: Address | None, pid: int) -> ServiceMember:
    group, host = group_of(service), socket.gethostname()
    capabilities: dict[str, Any] = {"hostname": host, "pid": pid, "name": group}
    capabilities["type"] = "active" if address else "passive"
    if address:
        capabilities["listen_host"], capabilities["listen_port"] = address
    return ServiceMember(id=f"{group}_{host}_{pid}", group=group, expires=0, capabilities=capabilities)
