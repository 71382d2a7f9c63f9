"""Keys: the datastore."""

from __future__ import annotations

from st2lite.http.openapi.parts import (
    BOOLEAN,
    IDENTIFIER,
    IDS,
    LIMIT,
    OFFSET,
    SORT,
    STRING,
    TIMESTAMP,
    Json,
    answer,
    body,
    closed,
    described,
    empty,
    opened,
    operation,
    path,
    query,
    ref,
    rows,
)

_SCOPE_VALUES = ["system", "user", "st2kv.system", "st2kv.user"]

SCHEMAS: Json = {
    "Key": closed(
        {
            "id": IDENTIFIER,
            "uid": described(STRING, "`key_value_pair:<scope>:<name>`"),
            "name": described(STRING, "Without the name of the user in user scope."),
            "value": described(STRING, "Ciphertext when `encrypted` is true."),
            "secret": BOOLEAN,
            "encrypted": BOOLEAN,
            "scope": {"type": "string", "enum": ["st2kv.system", "st2kv.user"]},
            "user": described(STRING, "Owner, in user scope."),
            "expire_timestamp": TIMESTAMP,
            "description": STRING,
        },
        ("id", "name", "value", "secret", "encrypted", "scope"),
    ),
    "KeyInput": opened(
        {
            "name": described({"type": ["string", "null"]}, "Name, as in the path."),
            "value": STRING,
            "secret": described({"type": ["boolean", "null"]}, "Store the value encrypted."),
            "encrypted": described({"type": ["boolean", "null"]}, "The value is ciphertext already."),
            "scope": {"type": ["string", "null"], "enum": [*_SCOPE_VALUES, None]},
            "ttl": {
                "type": ["integer", "null"],
                "minimum": 0,
                "description": "Seconds until the item vanishes; 0: never.",
            },
            "user": {"type": ["string", "null"]},
            "description": {"type": ["string", "null"]},
        },
        ("value",),
    ),
}

_NAME = path("name", "Name of the item; no slashes.", "colour")
_SCOPE = query("scope", {"type": "string", "enum": _SCOPE_VALUES}, "System by default.")
_USER = query("user", STRING, "Owner in user scope; only the caller's own name is allowed.")
_DECRYPT = query("decrypt", BOOLEAN, "Show secret values in clear.")
_ONE = answer(ref("Key"), "The item.")

PATHS: Json = {
    "/keys": {
        "get": operation(
            "listKeys",
            "List items of the datastore",
            {"200": rows(ref("Key"), "Items.", counted=False)},
            parameters=[
                query("prefix", STRING, "Start of the name."),
                query("scope", {"type": "string", "enum": [*_SCOPE_VALUES, "all"]}, "System by default."),
                _USER,
                _DECRYPT,
                IDS,
                query("name", STRING, "Name of the item."),
                LIMIT,
                OFFSET,
                SORT,
            ],
            errors=("403",),
        ),
    },
    "/keys/{name}": {
        "parameters": [_NAME],
        "get": operation(
            "getKey", "Read an item", {"200": _ONE}, parameters=[_SCOPE, _USER, _DECRYPT], errors=("403", "404")
        ),
        "put": operation(
            "setKey",
            "Create or replace an item",
            {"200": _ONE},
            request=body(ref("KeyInput"), example={"value": "blue"}),
            errors=("403", "409"),
        ),
        "delete": operation(
            "deleteKey",
            "Delete an item",
            {"204": empty("Deleted.")},
            parameters=[_SCOPE, _USER],
            errors=("403", "404"),
        ),
    },
}
