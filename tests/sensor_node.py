"""A node that runs sensors which the test writes: the container in this process, the sensors as real processes."""

from __future__ import annotations

import dataclasses
import textwrap
from pathlib import Path
from typing import Any

from st2lite.config.schema import Config, Database, Messaging, System
from st2lite.content.triggers import make_trigger
from st2lite.models.sensor import SensorType
from st2lite.models.trigger import Trigger, TriggerInstance, TriggerType
from st2lite.reactor.listeners import Listeners
from st2lite.reactor.sensors.access import Access
from st2lite.reactor.sensors.container import SensorContainer
from st2lite.reactor.sensors.events import ProcessEvents
from st2lite.reactor.sensors.intake import Intake
from st2lite.reactor.sensors.launch import Host
from st2lite.reactor.sensors.supervisor import Patience, Supervisor
from st2lite.runners.python_paths import PathFinder
from st2lite.services.context import AppContext
from st2lite.storage.contract import Equal, Order, find_one

PACK = "examples"
EVENT = f"{PACK}.event"
FILE_EVENT = f"{PACK}.file_event"

_HEADER = """\
import os, sys, threading, time
from st2reactor.sensor.base import PollingSensor, Sensor

class Quiet(Sensor):
    def setup(self): pass
    def run(self): time.sleep(600)
    def cleanup(self): pass
    def add_trigger(self, trigger): pass
    def update_trigger(self, trigger): pass
    def remove_trigger(self, trigger): pass
    def say(self, *facts): self.sensor_service.dispatch("examples.event", {"said": list(facts)})

"""


class SensorNode:
    """Everything below `directory`. The pack `examples` has the trigger types `event`, and `file_event` with `path`."""

    def __init__(self, directory: Path, api_url: str = "http://127.0.0.1:1/v1") -> None:
        self.sensors_dir = directory / "packs" / PACK / "sensors"
        self.sensors_dir.mkdir(parents=True)
        self.context = AppContext(
            Config(
                database=Database(host=f"sqlite://{directory / 'st2.db'}"),
                messaging=Messaging(url="memory://"),
                system=System(base_path=str(directory)),
            )
        )
        self.context.connect()
        self.store = self.context.store
        payload = {"type": "object", "properties": {"said": {"type": "array"}}}
        parameters = {"type": "object", "properties": {"path": {"type": "string", "required": True}}}
        self.event = TriggerType(name="event", pack=PACK, payload_schema=payload)
        self.file_event = TriggerType(name="file_event", pack=PACK, parameters_schema=parameters)
        for definition in (self.event, self.file_event):
            self.store.insert(definition)
        self.store.insert(make_trigger(self.event, {}))
        self.settings = dataclasses.replace(self.context.runner_settings, system_packs=frozenset({PACK, "linux"}))
        self.api_url = api_url
        self.patience = Patience(respawns=2, delay=0.01, stop=10.0)
        self.host_options: dict[str, Any] = {}
        self.access = Access(self.context.tokens)
        self.container: SensorContainer | None = None

    def start(self, partition: Any = frozenset, **options: Any) -> SensorContainer:
        """Start the container; `stop` ends it. `options` are further ones of the container."""
        host = Host(
            packlib_dir=self.settings.packlib_dir,
            api_url=self.api_url,
            issue_token=self.access.token,
            pack_dir=self.context.locations.pack_dir,
            find_paths=PathFinder(self.settings).paths_of,
            load_config=self.context.pack_configs.resolve,
            **{"log_level": "DEBUG", **self.host_options},
        )
        self.container = SensorContainer(
            self.store,
            self.context.bus,
            partition,
            host,
            Intake(self.store, self.context.dispatcher),
            self.access,
            ProcessEvents(self.context.dispatcher, Listeners(self.store)),
            self.patience,
            **options,
        )
        self.container.start()
        return self.container

    def stop(self) -> None:
        if self.container is not None:
            self.container.stop()
            self.container = None

    def close(self) -> None:
        self.stop()
        self.context.close()

    def add(self, body: str, name: str = "Probe", base: str = "Quiet", **fields: Any) -> SensorType:
        """Write and register a sensor; `body` is that of its class."""
        return self.add_file(f"class {name}({base}):\n{textwrap.indent(textwrap.dedent(body), '    ')}", name, **fields)

    def add_file(self, source: str, name: str = "Probe", **fields: Any) -> SensorType:
        """Write and register a sensor from the source of its file, which a header comes before."""
        path = self.sensors_dir / f"{name.lower()}.py"
        path.write_text(_HEADER + source)
        given = {"pack": PACK, "class_name": name, "trigger_types": [EVENT, FILE_EVENT], **fields}
        sensor = SensorType(name=name, artifact_uri=f"file://{path}", entry_point=name, **given)
        self.store.insert(sensor)
        return sensor

    def add_trigger(self, path: str) -> Trigger:
        """What a rule that names a path makes."""
        return self.context.triggers.keep(make_trigger(self.file_event, {"path": path}))

    def change(self, ref: str, **fields: Any) -> None:
        """Write the metadata of a sensor anew."""
        sensor = find_one(self.store, SensorType, Equal("ref", ref))
        assert sensor is not None
        for field, value in fields.items():
            setattr(sensor, field, value)
        self.store.replace(sensor)

    def instances(self) -> list[TriggerInstance]:
        """What was dispatched, in order."""
        return self.store.find(TriggerInstance, order=[Order("occurrence_time"), Order("id")])

    def said(self) -> list[Any]:
        """What sensors said with `self.say(fact)`, in order."""
        return [fact for each in self.instances() for fact in each.payload.get("said", [])]

    def supervisor(self, ref: str = "examples.Probe") -> Supervisor | None:
        assert self.container is not None
        return self.container.supervisors.get(ref)

    def pid(self, ref: str = "examples.Probe") -> int | None:
        """Number of the process of a sensor that runs."""
        found = self.supervisor(ref)
        return found.pid if found else None
