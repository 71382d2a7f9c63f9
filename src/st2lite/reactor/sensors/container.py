"""The sensor container of one node: starts, stops and reloads its sensors as their metadata and triggers change.

Every change is announced on the bus, and wakes a round that compares what runs with what the store says; a round a
minute makes up for announcements that got lost, and sees what nobody announces: edited files, partition maps, a
virtualenv that was missing.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

import msgspec

from st2lite.messaging.contract import Bus, Stoppable
from st2lite.messaging.messages import ContentChanged, Message
from st2lite.models.errors import ConfigError, StoreUnavailable
from st2lite.models.sensor import SensorType
from st2lite.models.trigger import Trigger
from st2lite.reactor.sensors.access import Access
from st2lite.reactor.sensors.intake import Intake
from st2lite.reactor.sensors.launch import Host, version_of
from st2lite.reactor.sensors.partition import Partition
from st2lite.reactor.sensors.supervisor import Patience, Supervisor, Watcher
from st2lite.storage.contract import Equal, In, Store

logger = logging.getLogger(__name__)

ROUND = 60.0
"""Seconds between rounds that nothing has caused."""

_RETRY = 5.0


class _TriggerOf(msgspec.Struct):
    type: str


class SensorContainer:
    """Runs the sensors that `partition` gives to this node.

    `on_end`, for a container of one sensor, is called when that has ended for good. Sensors of the packs `on_demand`
    run only while there are triggers of their types.
    """

    def __init__(
        self,
        store: Store,
        bus: Bus,
        partition: Partition,
        host: Host,
        intake: Intake,
        access: Access,
        watcher: Watcher,
        patience: Patience | None = None,
        on_end: Callable[[Supervisor], None] | None = None,
        on_demand: frozenset[str] = frozenset(),
    ) -> None:
        self._store = store
        self._bus = bus
        self._partition = partition
        self._access = access
        self._host = host
        self._intake = intake
        self._watcher = watcher
        self._patience = patience or Patience()
        self._on_end = on_end
        self._on_demand = on_demand
        self._running: dict[str, Supervisor] = {}
        self._types: frozenset[str] = frozenset()
        self._problems: dict[str, str | None] = {}
        self._wake = threading.Event()
        self._stopping = False
        self._news: Stoppable | None = None
        self._thread = threading.Thread(target=self._run, name="sensor-container", daemon=True)

    def start(self) -> None:
        """Start; sensors follow at once, in the background."""
        self._news = self._bus.subscribe((ContentChanged,), self._changed)
        self._thread.start()

    def stop(self) -> None:
        """End all sensors; returns when nothing of them is left."""
        self._stopping = True
        self._wake.set()
        if self._news is not None:
            self._news.stop()
            self._thread.join()
        self._end(list(self._running))
        try:
            self._access.end()
        except StoreUnavailable as error:
            logger.warning("The token of the sensors is not revoked, it expires within a day: %s", error.message)

    @property
    def supervisors(self) -> dict[str, Supervisor]:
        """The sensors of this node by reference, those that have ended or were given up included."""
        return dict(self._running)

    def _run(self) -> None:
        while True:
            self._wake.clear()
            if self._stopping:  # asked for after that: `stop` may have set what was cleared
                return
            pause = ROUND
            try:
                self._round()
            except StoreUnavailable as error:
                self._tell("the store", f"Sensors are not looked after for the moment: {error.message}")
                pause = _RETRY
            except Exception:
                logger.exception("Looking after the sensors failed; the next try follows in %g s.", ROUND)
            else:
                self._tell("the store", None)
            self._wake.wait(pause)

    def _changed(self, message: Message) -> None:
        if not isinstance(message, ContentChanged):
            return
        if message.kind == SensorType.collection.name or (
            message.kind == Trigger.collection.name and _type_of(message) in self._types
        ):
            self._wake.set()

    def _round(self) -> None:
        self._access.keep()
        wanted = self._wanted()
        self._types = frozenset(ref for sensor in wanted.values() for ref in sensor.trigger_types)
        # Subscribed to before it is read: what changes meanwhile causes another round.
        triggers = self._store.find(Trigger, [In("type", tuple(self._types))]) if self._types else []
        known = {
            ref: [trigger for trigger in triggers if trigger.type in sensor.trigger_types]
            for ref, sensor in wanted.items()
        }
        wanted = {ref: sensor for ref, sensor in wanted.items() if known[ref] or sensor.pack not in self._on_demand}
        self._end_outdated(wanted)
        for ref, sensor in wanted.items():
            if self._stopping:
                return
            running = self._running.get(ref)
            if running is None:
                running = self._running[ref] = Supervisor(
                    sensor, self._host, self._intake, self._watcher, self._tell, self._patience, self._on_end
                )
                running.start(known[ref])
            else:
                running.know(known[ref])

    def _wanted(self) -> dict[str, SensorType]:
        sensors = {sensor.ref: sensor for sensor in self._store.find(SensorType, [Equal("enabled", True)])}
        if not sensors:
            return {}
        try:
            chosen = self._partition(sensors)
        except ConfigError as error:
            self._tell("the partition", error.message)
            chosen = frozenset(self._running)
        else:
            self._tell("the partition", None)
        return {ref: sensor for ref, sensor in sensors.items() if ref in chosen}

    @staticmethod
    def _is_outdated(running: Supervisor, wanted: dict[str, SensorType]) -> bool:
        # What could not be started may have been mended.
        return running.is_unable or running.version != version_of(wanted[running.sensor.ref])

    def _end_outdated(self, wanted: dict[str, SensorType]) -> None:
        outdated = [ref for ref, each in self._running.items() if ref not in wanted or self._is_outdated(each, wanted)]
        self._end(outdated)
        for ref in outdated:
            if ref not in wanted:
                self._tell(ref, None)

    def _end(self, refs: Iterable[str]) -> None:
        ending = [self._running[ref] for ref in refs]
        for supervisor in ending:
            supervisor.stop()
        for supervisor in ending:
            supervisor.join()
            del self._running[supervisor.sensor.ref]
            logger.info("Sensor %s is stopped.", supervisor.sensor.ref)

    def _tell(self, subject: str, problem: str | None) -> None:
        """Log the problem of a subject (None: it has none) once, and not again in every round."""
        if self._problems.get(subject) != problem:
            self._problems[subject] = problem
            if problem is not None:
                logger.error("%s", problem)


def _type_of(message: ContentChanged) -> str | None:
    try:
        return msgspec.json.decode(message.body, type=_TriggerOf).type
    except msgspec.MsgspecError:
        return None
