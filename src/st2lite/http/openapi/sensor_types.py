"""Sensors."""

from __future__ import annotations

from st2lite.http.openapi.noun import Noun
from st2lite.http.openapi.parts import (
    BOOLEAN,
    IDENTIFIER,
    IDS,
    INTEGER,
    LIMIT,
    OBJECT,
    SELECTION,
    STRING,
    STRINGS,
    Json,
    array,
    body,
    closed,
    described,
    filters,
    opened,
    operation,
    path,
    query,
)

SCHEMAS: Json = {
    "SensorType": closed(
        {
            "id": IDENTIFIER,
            "uid": described(STRING, "`sensor_type:<pack>:<name>`"),
            "ref": STRING,
            "name": STRING,
            "class_name": described(STRING, "Python class of the sensor."),
            "pack": STRING,
            "description": STRING,
            "artifact_uri": described(STRING, "`file://` URL of its Python file."),
            "entry_point": STRING,
            "enabled": BOOLEAN,
            "trigger_types": described(STRINGS, "References of the trigger types that it emits."),
            "poll_interval": described(INTEGER, "Seconds between two looks of a polling sensor."),
            "tags": array(OBJECT),
            "metadata_file": described(STRING, "Path of its metadata, relative to the pack."),
        }
    ),
}

_REF = path("ref_or_id", "Reference `<pack>.<name>`, or id.", "linux.FileWatchSensor")

_SENSOR = Noun("SensorType", "sensor type", "sensor types")

PATHS: Json = {
    "/sensortypes": {
        "get": _SENSOR.listing(
            [
                IDS,
                *filters(name="Name of the sensor.", pack="Pack of the sensor.", trigger="Trigger type that it emits."),
                query("enabled", BOOLEAN, "Whether it is enabled."),
                LIMIT,
                *SELECTION,
            ]
        ),
    },
    "/sensortypes/{ref_or_id}": {
        "parameters": [_REF],
        "get": _SENSOR.read(),
        "put": operation(
            "updateSensorType",
            "Enable (also by a body that says nothing) or disable a sensor; everything else in the body is ignored",
            {"200": _SENSOR.answer},
            request=body(opened({"enabled": BOOLEAN})),
            errors=("404",),
        ),
    },
}
