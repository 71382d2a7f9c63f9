"""Keeps one sensor running: starts it, starts it again when it fails, and gives up when that does not help."""

from __future__ import annotations

import logging
import shlex
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from st2lite.models.errors import St2liteError, StoreUnavailable
from st2lite.models.sensor import SensorType
from st2lite.models.trigger import Trigger
from st2lite.reactor.sensors.intake import Intake
from st2lite.reactor.sensors.launch import Host, Version, version_of
from st2lite.reactor.sensors.output import OutputLog
from st2lite.reactor.sensors.process import Line, SensorProcess, Wake
from st2lite.reactor.sensors.protocol import Dispatch, shown_to_sensor

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Patience:
    """How often and when a sensor is started again, and how long it may take to stop; all times in seconds.

    After the n-th failure in a row the next start waits n times `delay`; a process that lived for `stable` seconds
    makes the count begin anew.
    """

    respawns: int = 2
    delay: float = 2.5
    stable: float = 10.0
    stop: float = 5.0


class Watcher(Protocol):
    """Who wants to know of processes that start and end."""

    def spawned(self, sensor: SensorType, pid: int, command: str) -> None: ...

    def exited(self, sensor: SensorType, exit_code: int) -> None: ...


class Supervisor:
    """One sensor. `report(ref, problem)` is told why its process cannot even be started, and None once it can.

    `pid` is that of its process, `exit_code` that of the last one that ended; both None without one.
    """

    def __init__(
        self,
        sensor: SensorType,
        host: Host,
        intake: Intake,
        watcher: Watcher,
        report: Callable[[str, str | None], None],
        patience: Patience,
        on_end: Callable[[Supervisor], None] | None = None,
    ) -> None:
        self.sensor = sensor
        self.version: Version = version_of(sensor)
        self.is_unable = False
        self.exit_code: int | None = None
        self.pid: int | None = None
        self._host = host
        self._intake = intake
        self._watcher = watcher
        self._report = report
        self._patience = patience
        self._on_end = on_end
        self._output = OutputLog(sensor.ref)
        self._wake = Wake()
        self._stopping = threading.Event()
        self._deadline: float | None = None
        self._triggers: dict[str, Trigger] = {}
        self._told: dict[str, Trigger] = {}
        self._thread = threading.Thread(target=self._run, name=f"sensor-{sensor.ref}", daemon=True)

    def start(self, triggers: Iterable[Trigger]) -> None:
        """Start the sensor, which learns of these triggers first."""
        self.know(triggers)
        self._thread.start()

    def know(self, triggers: Iterable[Trigger]) -> None:
        """Have the sensor know all triggers of its types that there are, and no others."""
        self._triggers = {trigger.id: trigger for trigger in triggers}
        self._wake()

    def stop(self) -> None:
        """Ask the sensor to end; `join` waits for it."""
        self._deadline = time.monotonic() + self._patience.stop
        self._stopping.set()
        self._wake()

    def join(self) -> None:
        """Wait until the sensor has ended, and all that it started."""
        self._thread.join()
        self._wake.close()

    @property
    def ended(self) -> bool:
        """The sensor does not run, and will not be started again."""
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._keep_alive()
        except Exception:
            logger.exception("Looking after sensor %s failed; it is started again in the next round.", self.sensor.ref)
            self.is_unable = True
        if self._on_end is not None:
            self._on_end(self)

    def _keep_alive(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                code = self._run_once()
            except StoreUnavailable as error:
                logger.warning("Sensor %s waits for the store: %s", self.sensor.ref, error.message)
                self._stopping.wait(self._patience.delay)
                continue
            except (St2liteError, OSError) as error:
                self.is_unable = True
                reason = error.message if isinstance(error, St2liteError) else f"its process cannot be started: {error}"
                self._report(self.sensor.ref, f"Sensor {self.sensor.ref} does not run: {reason}")
                return
            self.exit_code = code
            if self._stopping.is_set():
                return
            failures = 1 if time.monotonic() - began >= self._patience.stable else failures + 1
            if code == 0:
                logger.info("Sensor %s has ended by itself, and is not started again.", self.sensor.ref)
                return
            if failures > self._patience.respawns:
                self._give_up(code, failures)
                return
            delay = self._patience.delay * failures
            logger.warning(
                "Sensor %s ended with exit code %d; it is started again in %g s.", self.sensor.ref, code, delay
            )
            self._stopping.wait(delay)

    def _give_up(self, code: int, failures: int) -> None:
        ref = self.sensor.ref
        logger.error(
            "Sensor %s was given up: it failed %d times in a row, the last time with exit code %d. Its log lines above "
            "say why; mend that, then start it again: st2 sensor disable %s && st2 sensor enable %s",
            *(ref, failures, code, ref, ref),
        )

    def _run_once(self) -> int:
        """Run the process to its end and return its exit code. Raises what keeps it from being started."""
        line = Line()
        known = self._triggers
        try:
            launch = self._host.launch(self.sensor, line.number, list(known.values()))
            process = SensorProcess(launch, line, self._output, self._wake)
        except BaseException:
            line.close()
            raise
        self._told = dict(known)
        self.pid = process.pid
        self._report(self.sensor.ref, None)
        logger.info("Sensor %s runs as process %d.", self.sensor.ref, process.pid)
        try:
            self._watcher.spawned(self.sensor, process.pid, shlex.join(launch.argv))
            process.follow(self._take, lambda: self._on_wake(process), lambda: self._deadline)
        finally:
            process.kill()
            code = process.close()
            self.pid = None
        self._watcher.exited(self.sensor, code)
        return code

    def _on_wake(self, process: SensorProcess) -> None:
        self._tell_changes(process)
        if self._stopping.is_set():
            process.terminate()

    def _tell_changes(self, process: SensorProcess) -> None:
        known = self._triggers
        for identifier, trigger in self._told.items():
            if identifier not in known:
                process.tell("remove", shown_to_sensor(trigger))
        for identifier, trigger in known.items():
            before = self._told.get(identifier)
            if before is None:
                process.tell("add", shown_to_sensor(trigger))
            elif before.rev != trigger.rev:
                process.tell("update", shown_to_sensor(trigger))
        self._told = known

    def _take(self, dispatch: Dispatch) -> bool:
        return self._intake.take(dispatch, lambda text: self._output.say(logging.WARNING, text), self._stopping.wait)
