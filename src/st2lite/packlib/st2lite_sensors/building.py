"""From the file of a sensor to an object that can be run."""

from __future__ import annotations

import inspect
import sys
from typing import Any

from st2lite_actions.loading import load_module
from st2reactor.sensor.base import PollingSensor

from st2lite_sensors.service import SensorService

_NEEDED = ("setup", "run", "cleanup", "add_trigger", "update_trigger", "remove_trigger")


class NotASensor(Exception):
    """There is no sensor that could be run; the text says why, and what to do."""


def sensor_class(path: str, class_name: str, pack: str) -> type[Any]:
    """Import the class of a sensor. Raises `NotASensor`, with the error of the file as its cause."""
    try:
        module = load_module(path)
    except Exception as error:
        hint = f"{sys.prefix}/bin/pip install, and requirements.txt of the pack"
        remedy = f"Install what it needs ({hint})." if isinstance(error, ImportError) else "Mend the file."
        raise NotASensor(f"{path} cannot be imported: {type(error).__name__}: {error}. {remedy}") from error
    found = getattr(module, class_name, None)
    if not isinstance(found, type):
        raise NotASensor(
            f'{path} has no class "{class_name}": correct class_name in the metadata of the sensor, or the file, and '
            f"register the pack: st2 pack register {pack}"
        )
    missing = [name for name in _NEEDED if not callable(getattr(found, name, None))]
    missing += [name for name in getattr(found, "__abstractmethods__", ()) if name not in missing]
    if missing:
        raise NotASensor(f'Class "{class_name}" of {path} lacks {", ".join(sorted(missing))}: define that.')
    return found


def build(found: type[Any], service: SensorService, config: dict[str, Any], poll_interval: float | None) -> Any:
    """Make the sensor; its constructor may take less than it is offered, and may forget to call that of its base."""
    offered: dict[str, Any] = {"sensor_service": service, "config": config}
    if poll_interval and issubclass(found, PollingSensor):
        offered["poll_interval"] = poll_interval
    parameters = list(inspect.signature(found).parameters.values())
    names = {each.name for each in parameters}
    if any(each.kind is each.VAR_KEYWORD for each in parameters) or names >= offered.keys():
        sensor = found(**offered)
    elif names & offered.keys():
        sensor = found(**{name: value for name, value in offered.items() if name in names})
    else:  # other names: by position
        places = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
        sensor = found(*list(offered.values())[: len(places)])
    for name, value in offered.items():
        for attribute in (name, f"_{name}"):
            if not hasattr(sensor, attribute):
                setattr(sensor, attribute, value)
    return sensor
