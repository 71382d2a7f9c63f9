"""Reading from and writing to a connection, for the WSGI server of standalone.

The library brings objects of its own for this. They are general and written in Python down to the last buffer, which
makes them a good part of the price of a request; and what they could not send to a client that went away they try to
send again when they are collected.
"""

from __future__ import annotations

import socket
from typing import Union

from st2lite.http.media import MAX_BODY

_CHUNK = 65536
_LARGEST_CHUNK = 1024 * 1024
"""Bytes to ask the socket for: it makes room for all of them before there is one."""


class SocketReader:
    """Buffered reading; `bytes_read` counts what was handed out. Nobody gets more than `limit` bytes at once."""

    def __init__(self, connection: socket.socket, limit: int = MAX_BODY) -> None:
        self._limit = limit
        self._receive = connection.recv
        self._buffer = b""
        self.bytes_read = 0

    def readline(self, size: int | None = -1) -> bytes:
        """The next line with its end, or `size` bytes of it; less at the end of the stream."""
        limit = -1 if size is None else size
        start = 0
        while True:
            end = self._buffer.find(b"\n", start) + 1
            if end or 0 <= limit <= len(self._buffer):
                break
            start = len(self._buffer)
            data = self._receive(_CHUNK)
            if not data:
                end = len(self._buffer)
                break
            self._buffer += data
        return self._take(min(end or limit, limit) if limit >= 0 else end)

    def read(self, size: int | None = -1) -> bytes:
        """`size` bytes, or everything; less at the end of the stream. Raise `ValueError` for more than the limit."""
        wanted = -1 if size is None else size
        if wanted > self._limit:
            raise ValueError(f"{wanted} bytes at once are more than {self._limit}")
        parts, got = [self._buffer], len(self._buffer)
        while wanted < 0 or got < wanted:
            data = self._receive(_CHUNK if wanted < 0 else min(max(wanted - got, _CHUNK), _LARGEST_CHUNK))
            if not data:
                break
            parts.append(data)
            got += len(data)
        self._buffer = b"".join(parts)
        return self._take(got if wanted < 0 else wanted)

    def has_data(self) -> bool:
        """Whether something was received that nobody has read yet."""
        return bool(self._buffer)

    def close(self) -> None:
        """Forget what was not read; the connection is closed by whoever opened it."""
        self._buffer = b""

    def __iter__(self) -> SocketReader:
        return self

    def __next__(self) -> bytes:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def _take(self, size: int) -> bytes:
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        self.bytes_read += len(taken)
        return taken


class SocketWriter:
    """Unbuffered writing; `bytes_written` counts what was sent."""

    def __init__(self, connection: socket.socket) -> None:
        self._send = connection.sendall
        self.bytes_written = 0

    def write(self, data: bytes) -> int:
        """Send all of `data`; raise what the socket raises."""
        self._send(data)
        self.bytes_written += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """The connection is closed by whoever opened it."""


def make_file(connection: socket.socket, mode: str = "rb", _size: int = -1) -> Union[SocketReader, SocketWriter]:
    """A reader or a writer, whichever the mode says."""
    return SocketReader(connection) if "r" in mode else SocketWriter(connection)
