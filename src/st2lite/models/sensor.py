"""Sensor types: the programs of packs that watch the world and say what happened."""

from __future__ import annotations

from typing import Any, ClassVar

from st2lite.models.document import Collection, Index
from st2lite.models.pack import PackContent


class SensorType(PackContent, kw_only=True):
    """Metadata of one sensor. `name` is its class name, `trigger_types` the refs of the types it emits.

    `artifact_uri` is the `file://` URL of its Python file, `poll_interval` seconds between polls (None: not a polling
    sensor).
    """

    uid_type: ClassVar[str] = "sensor_type"
    collection: ClassVar[Collection] = Collection(
        "sensor_types",
        fields={
            "ref": lambda s: s.ref,
            "pack": lambda s: s.pack,
            "name": lambda s: s.name,
            "enabled": lambda s: s.enabled,
        },
        indexes=(Index(("ref",), unique=True), Index(("pack",)), Index(("enabled",))),
    )

    description: str = ""
    enabled: bool = True
    class_name: str
    artifact_uri: str
    entry_point: str
    poll_interval: int | None = None
    trigger_types: list[str] = []
    metadata_file: str = ""
    tags: list[dict[str, Any]] = []
