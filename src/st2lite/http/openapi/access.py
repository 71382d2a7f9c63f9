"""Who may call: API keys, and the present user."""

from __future__ import annotations

from st2lite.http.openapi.parts import (
    BOOLEAN,
    IDENTIFIER,
    LIMIT,
    OBJECT,
    OFFSET,
    SHOW_SECRETS,
    STRING,
    STRINGS,
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
    ref,
    rows,
)

_KEY_PROPERTIES: Json = {
    "id": IDENTIFIER,
    "uid": described(STRING, "`api_key:<key_hash>`"),
    "user": STRING,
    "metadata": OBJECT,
    "created_at": TIMESTAMP,
    "enabled": BOOLEAN,
}
_KEY_HASH = described(STRING, "SHA-512 of the salted key, `********` unless secrets are shown.")

SCHEMAS: Json = {
    "ApiKey": closed({**_KEY_PROPERTIES, "key_hash": _KEY_HASH}),
    "ApiKeyCreated": closed(
        {**_KEY_PROPERTIES, "key": {"type": ["string", "null"], "description": "The key; shown this once only."}},
        ("id", "key"),
    ),
    "ApiKeyInput": opened(
        {
            "user": {"type": ["string", "null"]},
            "metadata": {"type": ["object", "null"]},
            "key_hash": {"type": ["string", "null"]},
            "id": {"type": ["string", "null"], "description": "Of a key moved from elsewhere; 24 hexadecimal digits."},
            "enabled": {"type": ["boolean", "null"]},
        }
    ),
    "User": closed(
        {
            "username": STRING,
            "authentication": closed(
                {
                    "method": {"type": "string", "enum": ["authentication token", "API key", "none"]},
                    "location": {"type": "string", "enum": ["header", "query", "cookie", "none"]},
                    "token_expire": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"},
                },
                (),
            ),
            "rbac": closed({"enabled": BOOLEAN, "roles": STRINGS, "is_admin": BOOLEAN}, ("enabled", "roles")),
        },
        ("username", "authentication", "rbac"),
    ),
}

_ID_OR_KEY = path("id_or_key", "Id of the API key, or the key itself.", "65f0aa0000000000000000f1")
_ONE = answer(ref("ApiKey"), "The API key.")

PATHS: Json = {
    "/apikeys": {
        "get": operation(
            "listApiKeys",
            "List API keys",
            {"200": rows(ref("ApiKey"), "API keys.")},
            parameters=[SHOW_SECRETS, LIMIT, OFFSET],
        ),
        "post": operation(
            "createApiKey",
            "Create an API key",
            {"201": answer(ref("ApiKeyCreated"), "The new key.")},
            request=body(ref("ApiKeyInput"), required=False),
            errors=("409",),
        ),
    },
    "/apikeys/{id_or_key}": {
        "parameters": [_ID_OR_KEY],
        "get": operation("getApiKey", "Read an API key", {"200": _ONE}, parameters=[SHOW_SECRETS], errors=("404",)),
        "put": operation(
            "updateApiKey",
            "Change an API key; an empty or masked key_hash stays as it is",
            {"200": _ONE},
            request=body(ref("ApiKeyInput")),
            errors=("404", "409"),
        ),
        "delete": operation("deleteApiKey", "Delete an API key", {"204": empty("Deleted.")}, errors=("404",)),
    },
    "/user": {"get": operation("getUser", "Read who calls", {"200": answer(ref("User"), "The caller.")})},
}
