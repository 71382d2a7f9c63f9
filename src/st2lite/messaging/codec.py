"""Messages as JSON, for transports that leave the process."""

from __future__ import annotations

import copy

import msgspec

from st2lite.messaging.messages import Message
from st2lite.models.document import Document

_EMPTY = msgspec.Raw(b"")
_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def encode(message: Message) -> bytes:
    """JSON of a message."""
    for name in message.__struct_fields__:
        value = getattr(message, name)
        if isinstance(value, Document) and any(not bytes(getattr(value, large)) for large in value.collection.large):
            message = _without_empty_parts(message, name, value)
    return _encoder.encode(message)


def decode(body: bytes | memoryview) -> Message:
    """The message; raise `msgspec.MsgspecError` if it is none that this release knows."""
    return _decoder.decode(body)


def _without_empty_parts(message: Message, name: str, document: Document) -> Message:
    """A large part that was never read is empty text, which is no JSON: leave it out by giving it its default."""
    twin = copy.copy(document)
    defaults = dict(zip(reversed(twin.__struct_fields__), reversed(twin.__struct_defaults__), strict=False))
    for large in twin.collection.large:
        if not bytes(getattr(twin, large)):
            setattr(twin, large, defaults.get(large, _EMPTY))
    message = copy.copy(message)
    setattr(message, name, twin)
    return message
