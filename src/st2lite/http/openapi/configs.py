"""Configurations of packs, and their schemas."""

from __future__ import annotations

from st2lite.http.openapi.noun import Noun
from st2lite.http.openapi.parts import (
    IDENTIFIER,
    LIMIT,
    OBJECT,
    OFFSET,
    SELECTION,
    SHOW_SECRETS,
    SORT,
    STRING,
    Json,
    answer,
    body,
    closed,
    described,
    operation,
    path,
    query,
    ref,
    rows,
)

SCHEMAS: Json = {
    "Config": closed(
        {
            "id": IDENTIFIER,
            "pack": described(STRING, "Reference of the pack."),
            "values": described(OBJECT, "Values as they were given, without defaults; secret ones are masked."),
        },
        ("id", "pack"),
    ),
    "ConfigSchema": closed(
        {
            "id": IDENTIFIER,
            "pack": described(STRING, "Reference of the pack."),
            "attributes": {"type": "object", "additionalProperties": OBJECT},
        },
        ("id", "pack"),
    ),
}

_PACK = path("pack_ref", "Reference of the pack.", "core")
_ONE = answer(ref("Config"), "The configuration.")

_SCHEMA = Noun("ConfigSchema", "config schema", "config schemas")

PATHS: Json = {
    "/configs": {
        "get": operation(
            "listConfigs",
            "List configurations",
            {"200": rows(ref("Config"), "Configurations.")},
            parameters=[
                query("name", STRING, "References of packs, separated by commas."),
                LIMIT,
                OFFSET,
                SORT,
                SHOW_SECRETS,
                *SELECTION,
            ],
        ),
    },
    "/configs/{pack_ref}": {
        "parameters": [_PACK],
        "get": operation(
            "getConfig",
            "Read the configuration of a pack",
            {"200": _ONE},
            parameters=[SHOW_SECRETS, *SELECTION],
            errors=("404",),
        ),
        "put": operation(
            "setConfig",
            "Replace the configuration of a pack, in the database and in its file; the body is the map of values, in "
            "which a mask stands for the secret that it hides",
            {"200": _ONE},
            parameters=[SHOW_SECRETS],
            request=body(OBJECT, example={"region": "north"}),
            errors=("403", "404", "409"),
        ),
    },
    "/config_schemas": {
        "get": _SCHEMA.listing([LIMIT, OFFSET, SORT, *SELECTION]),
    },
    "/config_schemas/{pack_ref}": {
        "parameters": [_PACK],
        "get": _SCHEMA.read(summary="Read the schema of the configuration of a pack"),
    },
}
