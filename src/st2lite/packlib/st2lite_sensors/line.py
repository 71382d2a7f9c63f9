"""The connection of a sensor to its container: a socket that both sides write lines of JSON to.

What the sensor says:

    {"id": n, "trigger": …, "payload": …, "trace_context": …}    a dispatch

What the container says, after one first line that tells how to start (see `host`):

    {"ack": n}                                                   that dispatch is stored, or was refused for good
    {"change": "add" | "update" | "remove", "trigger": {…}}      news about triggers

Threads are started and functions of the system are taken before code of the pack is loaded: a library that replaces
those of the interpreter (eventlet, gevent) must not get between a dispatch and its acknowledgement.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import threading
from _thread import allocate_lock
from os import read, write
from queue import SimpleQueue
from time import sleep
from typing import Any, Callable

from st2lite_sensors.encoding import encode

LARGEST_MESSAGE = 15 * 1024 * 1024
"""Bytes of a dispatch; the container refuses payloads well below that."""

_PIECE = 65536
_LAST_MOMENTS = 5.0


class NotSent(Exception):
    """A dispatch did not reach the container; the text says why."""


class Line:
    """One end of the socket `fd`, a file descriptor."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._pid = os.getpid()
        self._rest = b""
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Any] = {}
        self._outgoing: SimpleQueue[bytes] = SimpleQueue()
        self._changes: SimpleQueue[tuple[str, dict[str, Any]]] = SimpleQueue()
        self._followers: SimpleQueue[Callable[[str, dict[str, Any]], None]] = SimpleQueue()
        self.lost = False

    def read_first(self) -> dict[str, Any]:
        """Wait for the line that says how to start. Raises `EOFError` when the container has gone."""
        for line in self._lines():
            first: dict[str, Any] = json.loads(line)
            return first
        raise EOFError("the container has gone")

    def open(self) -> None:
        """Start to listen and to write."""
        for target in (self._listen, self._write, self._tell):
            threading.Thread(target=target, daemon=True).start()

    def dispatch(self, trigger: Any, payload: Any, trace_context: dict[str, Any] | None) -> None:
        """Hand over an occurrence and wait until the container has it. Raises `NotSent`."""
        if os.getpid() != self._pid:
            raise NotSent("it was dispatched by a process that the sensor has started; dispatch in the sensor itself")
        number = next(self._numbers)
        message = {"id": number, "trigger": trigger, "payload": payload, "trace_context": trace_context}
        try:
            data = encode(message)
        except (ValueError, TypeError, RecursionError) as error:
            raise NotSent(f"its payload cannot be written as JSON: {error}") from None
        if len(data) > LARGEST_MESSAGE:
            raise NotSent(f"it has {len(data)} bytes of JSON and the most is {LARGEST_MESSAGE}; send a reference")
        done = allocate_lock()
        done.acquire()
        self._waiting[number] = done
        if not self.lost:
            self._outgoing.put(data)
            done.acquire()
        if self.lost:
            raise NotSent("the sensor container has gone")

    def follow(self, tell: Callable[[str, dict[str, Any]], None]) -> None:
        """From now on call `tell(change, trigger)`, on a thread of its own, for news that has come or will come."""
        self._followers.put(tell)

    def _tell(self) -> None:
        tell = self._followers.get()
        while True:
            tell(*self._changes.get())

    def _listen(self) -> None:
        for line in self._lines():
            message = json.loads(line)
            if "ack" in message:
                self._release(message["ack"])
            else:
                self._changes.put((message["change"], message["trigger"]))
        self._lose()

    def _release(self, number: int) -> None:
        done = self._waiting.pop(number, None)
        if done is not None:
            done.release()

    def _lose(self) -> None:
        """Without a container there is nothing to watch for: clean up, and then end with everything started here."""
        self.lost = True
        for number in list(self._waiting):
            self._release(number)
        os.kill(self._pid, signal.SIGTERM)
        sleep(_LAST_MOMENTS)
        end_group()

    def _write(self) -> None:
        while True:
            rest = memoryview(self._outgoing.get())
            try:
                while rest:
                    rest = rest[write(self._fd, rest) :]
            except OSError:  # the listening thread notices, too, and acts
                return

    def _lines(self) -> Any:
        while True:
            line, found, rest = self._rest.partition(b"\n")
            if found:
                self._rest = rest
                yield line
                continue
            try:
                data = read(self._fd, _PIECE)
            except OSError:
                data = b""
            if not data:
                return
            self._rest += data


def end_group() -> None:
    """Kill this process and all that it started and that stayed in its process group."""
    os.killpg(os.getpgid(0), signal.SIGKILL)
