"""`Sensor` and `PollingSensor`: what the class of a sensor derives from."""

from __future__ import annotations

import abc
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from st2lite_sensors.service import SensorService

__all__ = ["BaseSensor", "PollingSensor", "Sensor"]


class BaseSensor(abc.ABC):
    """What both kinds of sensors have: the service, the configuration of the pack, and news about triggers.

    A trigger is a dictionary with `id`, `uid`, `ref`, `name`, `pack`, `type`, `parameters` and perhaps `description`.
    """

    def __init__(self, sensor_service: SensorService, config: dict[str, Any] | None = None) -> None:
        self._sensor_service: Any = sensor_service
        self._config: dict[str, Any] = {} if config is None else config
        self.sensor_service = self._sensor_service
        self.config = self._config

    @abc.abstractmethod
    def setup(self) -> None:
        """Get ready; called once, before everything else."""

    @abc.abstractmethod
    def run(self) -> None:
        """Watch and dispatch, until the sensor is stopped."""

    @abc.abstractmethod
    def cleanup(self) -> None:
        """Let go of everything; called when the sensor is stopped, which has five seconds."""

    @abc.abstractmethod
    def add_trigger(self, trigger: dict[str, Any]) -> None:
        """Learn of a trigger of one of the sensor's types."""

    @abc.abstractmethod
    def update_trigger(self, trigger: dict[str, Any]) -> None:
        """Learn that a trigger was changed."""

    @abc.abstractmethod
    def remove_trigger(self, trigger: dict[str, Any]) -> None:
        """Learn that a trigger is not listened for any more."""


class Sensor(BaseSensor):
    """A sensor that is told by others what happens, or waits for it: implement `run`."""


class PollingSensor(BaseSensor):
    """A sensor that looks every `poll_interval` seconds: implement `poll`."""

    def __init__(
        self, sensor_service: SensorService, config: dict[str, Any] | None = None, poll_interval: float = 5
    ) -> None:
        super().__init__(sensor_service, config)
        self._poll_interval = poll_interval

    @abc.abstractmethod
    def poll(self) -> None:
        """Look once, and dispatch what is new."""

    def run(self) -> None:
        while True:
            self.poll()
            time.sleep(self._poll_interval)

    def get_poll_interval(self) -> float:
        """Seconds between the end of one look and the next."""
        return self._poll_interval

    def set_poll_interval(self, poll_interval: float) -> None:
        """Change the seconds between two looks."""
        self._poll_interval = poll_interval
