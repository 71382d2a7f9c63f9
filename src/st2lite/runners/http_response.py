"""Turns the answer to an HTTP request into the result of an execution."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from st2lite.models.errors import InvalidInput
from st2lite.models.execution import RESULT_LIMIT

if TYPE_CHECKING:
    import requests

_CHUNK_BYTES = 64 * 1024


def read_body(response: requests.Response, on_chunk: Callable[[], None]) -> bytes:
    """Read the decompressed body; `on_chunk` is called per piece and ends the reading by raising.

    Raises `InvalidInput` when the body is larger than a result may be.
    """
    body = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        on_chunk()
        body += chunk
        if len(body) > RESULT_LIMIT:
            raise InvalidInput(f"The answer is larger than {RESULT_LIMIT} bytes, the most that a result may hold.")
    return bytes(body)


def describe(response: requests.Response, body: bytes) -> dict[str, Any]:
    """Give `{status_code, body, parsed, headers}`; `parsed` says that `body` is the value of a JSON answer."""
    media_type, _, parameters = response.headers.get("Content-Type", "").partition(";")
    text = _decode(body, response.encoding if "charset" in parameters.lower() else None)
    content: Any = text
    parsed = False
    if media_type.strip().lower() == "application/json":
        with contextlib.suppress(ValueError):
            content, parsed = json.loads(text), True
    return {
        "status_code": response.status_code,
        "body": content,
        "parsed": parsed,
        "headers": dict(response.headers),
    }


def _decode(body: bytes, charset: str | None) -> str:
    if charset:
        with contextlib.suppress(LookupError):
            return body.decode(charset, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("latin-1")
