"""What rules may know of the processes of sensors: that one was started, and that one has ended."""

from __future__ import annotations

import logging
import time
from typing import Any

from st2lite.models.errors import St2liteError
from st2lite.models.sensor import SensorType
from st2lite.models.trigger import SENSOR_EXIT_TRIGGER, SENSOR_SPAWN_TRIGGER
from st2lite.reactor.dispatch import Dispatcher
from st2lite.reactor.listeners import Listeners

logger = logging.getLogger(__name__)


class ProcessEvents:
    """Emits the internal triggers of sensor processes, if a rule listens for them."""

    def __init__(self, dispatcher: Dispatcher, listeners: Listeners) -> None:
        self._dispatcher = dispatcher
        self._listeners = listeners

    def spawned(self, sensor: SensorType, pid: int, command: str) -> None:
        """Tell that a process was started; `command` is its command line."""
        self._emit(SENSOR_SPAWN_TRIGGER, sensor, {"pid": pid, "cmd": command})

    def exited(self, sensor: SensorType, exit_code: int) -> None:
        """Tell that a process has ended; the exit code is negative for a signal."""
        self._emit(SENSOR_EXIT_TRIGGER, sensor, {"exit_code": exit_code})

    def _emit(self, trigger: str, sensor: SensorType, facts: dict[str, Any]) -> None:
        try:
            if self._listeners.any(trigger):
                payload = {"id": sensor.class_name, "timestamp": int(time.time()), **facts}
                self._dispatcher.dispatch_type(trigger, payload)
        except St2liteError as error:
            logger.warning("%s is not emitted for %s: %s", trigger, sensor.ref, error.message)
