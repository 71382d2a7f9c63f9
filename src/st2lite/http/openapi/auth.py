"""The auth service: tokens."""

from __future__ import annotations

from st2lite.http.openapi.parts import (
    BOOLEAN,
    OBJECT,
    STRING,
    TIMESTAMP,
    Json,
    answer,
    body,
    closed,
    described,
    opened,
    operation,
    ref,
)

SCHEMAS: Json = {
    "TokenRequest": opened(
        {
            "ttl": {"type": ["integer", "null"], "minimum": 1, "description": "Seconds the token is valid."},
            "impersonate_user": {"type": ["string", "null"]},
            "nickname_origin": {"type": ["string", "null"]},
        }
    ),
    "Token": closed(
        {
            "id": STRING,
            "user": STRING,
            "token": described(STRING, "32 hexadecimal digits; shown this once only."),
            "expiry": TIMESTAMP,
            "metadata": OBJECT,
            "service": BOOLEAN,
        },
        ("id", "user", "token", "expiry"),
    ),
    "TokenCheck": opened({"token": STRING}, ("token",)),
    "TokenValidity": closed({"valid": BOOLEAN}, ("valid",)),
    "SsoState": closed({"enabled": BOOLEAN}, ("enabled",)),
}

_CREATED: Json = {
    **answer(ref("Token"), "The token."),
    "headers": {"X-API-URL": {"required": True, "schema": STRING, "description": "Public URL of the API."}},
}

PATHS: Json = {
    "/tokens": {
        "post": operation(
            "createToken",
            "Get a token for a user name and a password",
            {"201": _CREATED},
            request=body(ref("TokenRequest"), required=False),
            errors=("403",),
            security=[{"password": []}],
        ),
    },
    "/tokens/validate": {
        "post": operation(
            "validateToken",
            "Tell whether a token is valid",
            {"200": answer(ref("TokenValidity"), "Whether it is.")},
            request=body(ref("TokenCheck")),
        ),
    },
    "/sso": {
        "get": operation(
            "getSso",
            "Tell whether single sign-on is available",
            {"200": answer(ref("SsoState"), "Whether it is.")},
            security=[],
        ),
    },
}
