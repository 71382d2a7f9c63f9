"""st2sensorcontainer: runs the sensors of this node."""

from __future__ import annotations

from collections.abc import Callable

from st2lite.config.schema import Config
from st2lite.config.urls import api_url
from st2lite.models.errors import ConfigError
from st2lite.models.sensor import SensorType
from st2lite.reactor.listeners import Listeners
from st2lite.reactor.sensors.access import Access
from st2lite.reactor.sensors.container import SensorContainer as Container
from st2lite.reactor.sensors.events import ProcessEvents
from st2lite.reactor.sensors.intake import Intake
from st2lite.reactor.sensors.launch import Host
from st2lite.reactor.sensors.partition import make_partition, only
from st2lite.reactor.sensors.supervisor import Patience, Supervisor
from st2lite.runners.python_paths import PathFinder
from st2lite.services import daemon
from st2lite.services.context import AppContext
from st2lite.services.dependencies import wait_for
from st2lite.services.supervisor import take_supervisor
from st2lite.storage.contract import Equal, find_one

NAME = "st2sensorcontainer"


def serve(config: Config, sensor_ref: str | None = None) -> int:
    """Serve until the process is asked to stop; return the exit code.

    With a reference only that sensor runs: the service ends when it ends, with its exit code. Raises `ConfigError` for
    a sensor that cannot be meant.
    """
    if sensor_ref is None and config.sensorcontainer.single_sensor_mode:
        raise ConfigError(
            "[sensorcontainer] single_sensor_mode: name the sensor with --sensor-ref pack.Name, or write False."
        )
    stop = daemon.StopSignal()
    supervisor = take_supervisor()
    context = AppContext(config)
    codes: list[int] = []

    def end(supervisor: Supervisor) -> None:
        if not stop.wait(0):
            codes.append(1 if supervisor.exit_code is None else supervisor.exit_code)
            stop.request()

    if wait_for(context.connect, stop.wait, supervisor.ready):
        if sensor_ref is not None:
            _check(context, sensor_ref)
        daemon.run_registered(NAME, context, SensorContainer(context, sensor_ref, end), stop, supervisor)
    context.close()
    return _exit_code(codes[0]) if codes else 0


def _check(context: AppContext, ref: str) -> None:
    sensor = find_one(context.store, SensorType, Equal("ref", ref))
    if sensor is None:
        raise ConfigError(f"--sensor-ref: there is no sensor {ref}; the command st2 sensor list shows which there are.")
    if not sensor.enabled:
        raise ConfigError(f"--sensor-ref: {ref} is disabled; enable it: st2 sensor enable {ref}")


def _exit_code(code: int) -> int:
    return code if code >= 0 else 128 - code


class SensorContainer:
    """The container, with what it needs of the app context; for one sensor (`only_ref`) or those of its node."""

    def __init__(
        self, context: AppContext, only_ref: str | None = None, on_end: Callable[[Supervisor], None] | None = None
    ) -> None:
        config = context.config
        options = config.sensorcontainer
        settings = context.runner_settings
        access = Access(context.tokens)
        host = Host(
            packlib_dir=settings.packlib_dir,
            api_url=api_url(config),
            issue_token=access.token,
            pack_dir=context.locations.pack_dir,
            find_paths=PathFinder(settings).paths_of,
            load_config=context.pack_configs.resolve,
            log_level=config.log.level,
            memory_limit=options.memory_limit,
        )
        if only_ref is None:
            partition = make_partition(options.partition_provider, options.sensor_node_name, context.store)
        else:
            partition = only(only_ref)
        self.container = Container(
            context.store,
            context.bus,
            partition,
            host,
            Intake(context.store, context.dispatcher),
            access,
            ProcessEvents(context.dispatcher, Listeners(context.store)),
            Patience(respawns=2 if only_ref is None else 0),
            on_end if only_ref is not None else None,
            # Every installation has these packs, and few have rules for their sensors.
            settings.system_packs if only_ref is None else frozenset(),
        )

    def start(self) -> None:
        self.container.start()

    def stop(self) -> None:
        """End all sensors, and what they started."""
        self.container.stop()
