"""Messages as JSON, for transports that leave the process."""

from __future__ import annotations

import copy
import functools

import msgspec

from st2lite.messaging.messages import Message
from st2lite.models.document import Document

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def encode(message: Message) -> bytes:
    """JSON of a message."""
    for name in message.__struct_fields__:
        value = getattr(message, name)
        if isinstance(value, Document):
            empty = [part for part in value.collection.large if _is_unread(value, part)]
            if empty:
                message = _without(message, name, value, empty)
    return _encoder.encode(message)


def decode(body: bytes | memoryview) -> Message:
    """The message; raise `msgspec.MsgspecError` if it is none that this release knows."""
    return _decoder.decode(body)


def _is_unread(document: Document, part: str) -> bool:
    """A large part that was not read is empty, which is no JSON; only the default object itself is left out anyway."""
    value: msgspec.Raw = getattr(document, part)
    return not value and value is not _default(type(document), part)


@functools.cache
def _default(kind: type[Document], part: str) -> object:
    return next(field.default for field in msgspec.structs.fields(kind) if field.name == part)


def _without(message: Message, name: str, document: Document, parts: list[str]) -> Message:
    """A copy of the message whose document has the defaults of these parts, which encoding leaves out."""
    twin = copy.copy(document)
    for part in parts:
        setattr(twin, part, _default(type(document), part))
    message = copy.copy(message)
    setattr(message, name, twin)
    return message
