"""Request and response bodies: JSON by msgspec, and the forms that webhooks take."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import falcon
import falcon.media
import msgspec
from falcon.typing import ReadableIO

from st2lite.models.errors import InvalidInput
from st2lite.models.nesting import MOST_LEVELS, is_deeper, may_be_deeper

MAX_BODY = 32 * 1024 * 1024
"""Largest request body, in bytes."""

_JSON = frozenset({"", "application/json", "text/plain"})
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class JSONHandler(falcon.media.BaseHandler):
    """Compact UTF-8 JSON of whatever msgspec can encode: plain values, structs and ready-made `msgspec.Raw`."""

    def serialize(self, media: object, content_type: str) -> bytes:
        return _encode(media)

    def deserialize(self, stream: ReadableIO, content_type: str | None, content_length: int | None) -> object:
        return parse_json(stream.read())


def parse_json(body: bytes) -> Any:
    """Decode a JSON body; an empty one counts as `{}`."""
    if not body.strip():
        return {}
    try:
        value = _decode(body)
    except RecursionError:
        raise _too_deep() from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"Failed to parse request body: {error}") from error
    if may_be_deeper(body, MOST_LEVELS) and is_deeper(value, MOST_LEVELS):
        raise _too_deep()
    return value


def _too_deep() -> InvalidInput:
    return InvalidInput(f"Failed to parse request body: it is nested more than {MOST_LEVELS} levels deep; flatten it.")


def read_body(req: falcon.Request) -> Any:
    """The body of a request: decoded JSON, or a form as a mapping of names to lists of texts."""
    content_type = req.content_type or ""
    kind = content_type.partition(";")[0].strip().lower()
    if kind in _JSON:
        return parse_json(read_bytes(req))
    if kind == _FORM:
        return parse_qs(_decode_text(read_bytes(req)), keep_blank_values=True)
    if kind == _MULTIPART:
        return _read_multipart(req)
    raise InvalidInput(f'Failed to parse request body: Unsupported Content-Type: "{content_type}"')


def read_object(req: falcon.Request) -> dict[str, Any]:
    """The body of a request that must be a JSON object."""
    body = read_body(req)
    if not isinstance(body, dict):
        raise InvalidInput("The request body must be a JSON object.")
    return body


def read_bytes(req: falcon.Request) -> bytes:
    """The raw body of a request, whether or not its length is announced."""
    length = req.content_length
    if length is not None and length > MAX_BODY:
        raise _too_large()
    try:
        if length is not None:
            body = req.bounded_stream.read()
        elif req.env.get("wsgi.input_terminated"):
            body = req.stream.read(MAX_BODY + 1)
        else:
            return b""
    except (ValueError, OSError) as error:  # chunks that are none, or a caller who stopped in the middle
        raise InvalidInput(f"Failed to read request body: {error}") from error
    if len(body) > MAX_BODY:
        raise _too_large()
    return bytes(body)


def _read_multipart(req: falcon.Request) -> dict[str, list[str]]:
    form: dict[str, list[str]] = {}
    try:
        for part in falcon.media.MultipartFormHandler().deserialize(
            req.bounded_stream, req.content_type, req.content_length
        ):
            form.setdefault(part.name or "", []).append(_decode_text(part.get_data()))
    except falcon.HTTPError as error:
        raise InvalidInput(f"Failed to parse request body: {error.description or error.title}") from error
    return form


def _decode_text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput(f"Failed to parse request body: {error}") from error


def _too_large() -> falcon.HTTPError:
    return falcon.HTTPContentTooLarge(description=f"The request body is larger than {MAX_BODY} bytes.")
