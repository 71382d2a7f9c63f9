"""Metadata of sensors, and of the trigger types that they declare."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from st2lite.content.metadata import Shape, metadata_path, read_metadata
from st2lite.content.paths import inside
from st2lite.content.trigger_types import forgiving, make_trigger_type
from st2lite.models.errors import ContentError
from st2lite.models.sensor import SensorType
from st2lite.models.trigger import TriggerType

logger = logging.getLogger(__name__)

_SHAPE = Shape(
    "a sensor",
    texts=("class_name", "entry_point", "artifact_uri"),
    others=("enabled", "poll_interval", "trigger_types", "tags"),
    required=("class_name", "entry_point"),
)
_TRIGGER_KEYS = ("name", "pack", "description", "payload_schema", "parameters_schema", "tags")
_SHORTEST_INTERVAL = 1


def read_sensor(path: Path, pack: str) -> tuple[SensorType, list[TriggerType]]:
    """The sensor in a metadata file of a pack, and the trigger types it declares; raise `ContentError`."""
    sensor, definitions = read_metadata(path, lambda content: make_sensor(content, pack, path))
    sensor.metadata_file = metadata_path(path)
    for definition in definitions:
        definition.metadata_file = sensor.metadata_file
    if not Path(sensor.artifact_uri.removeprefix("file://")).is_file():
        logger.warning("%s: entry_point %s is not there; the sensor will not start", path, sensor.artifact_uri)
    return sensor, definitions


def make_sensor(content: Mapping[str, Any], pack: str, path: Path) -> tuple[SensorType, list[TriggerType]]:
    """The sensor that the metadata in the file `path` describes, and the trigger types it declares."""
    problems = list(_SHAPE.problems(content, pack)) or list(_problems(content, path.parent))
    definitions = []
    for position, entry in enumerate([] if problems else content.get("trigger_types") or []):
        kept = {key: entry[key] for key in _TRIGGER_KEYS if key in entry} | {"pack": pack}
        try:
            definitions.append(make_trigger_type(forgiving(kept, f"{path}, trigger_types[{position}]"), pack))
        except ContentError as error:
            problems.append(f"trigger_types[{position}]: {error.message}")
    if problems:
        raise ContentError("; ".join(problems))
    interval = content.get("poll_interval")
    sensor = SensorType(
        name=content["class_name"],
        pack=pack,
        description=content.get("description") or "",
        enabled=content.get("enabled", True),
        class_name=content["class_name"],
        artifact_uri=f"file://{path.parent.absolute() / content['entry_point']}",
        entry_point=content["class_name"],
        poll_interval=None if interval is None else int(interval),
        trigger_types=[definition.ref for definition in definitions],
        tags=content.get("tags") or [],
    )
    return sensor, definitions


def _problems(content: Mapping[str, Any], directory: Path) -> Iterator[str]:
    if not content["class_name"].isidentifier():
        yield f'class_name "{content["class_name"]}" has to be the name of a Python class'
    try:
        inside(directory, content["entry_point"])
    except ContentError as error:
        yield f"entry_point {error.message}"
    interval = content.get("poll_interval")
    if interval is not None and (
        isinstance(interval, bool) or not isinstance(interval, (int, float)) or interval < _SHORTEST_INTERVAL
    ):
        yield f"poll_interval has to be a number of seconds from {_SHORTEST_INTERVAL}"
    declared = content.get("trigger_types") or []
    if not isinstance(declared, list) or not all(isinstance(entry, dict) for entry in declared):
        yield "trigger_types has to be a list of maps, each with at least a name"
