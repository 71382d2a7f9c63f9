"""The process of one sensor: started, listened to, and ended with everything that it started."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from typing import Any

from st2lite.reactor.sensors.launch import Launch
from st2lite.reactor.sensors.output import OutputLog
from st2lite.reactor.sensors.protocol import BrokenLine, Channel, Dispatch

_PIECE = 65536
_FLOOD_PAUSE = 0.1


class Wake:
    """Ends the sleep of the thread that looks after a sensor; from any thread."""

    def __init__(self) -> None:
        self.fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._lock = threading.Lock()
        self._closed = False

    def __call__(self) -> None:
        with self._lock:
            if not self._closed:
                os.eventfd_write(self.fd, 1)

    def clear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self.fd)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            os.close(self.fd)


class Line:
    """The two ends of the line of a process that is about to be started."""

    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair()

    @property
    def number(self) -> int:
        """What the process has to be told: its end is inherited under this number."""
        return self.theirs.fileno()

    def close(self) -> None:
        self.ours.close()
        self.theirs.close()


class SensorProcess:
    """A started process. All methods but `wake` belong to the thread that started it."""

    def __init__(self, launch: Launch, line: Line, output: OutputLog, wake: Wake) -> None:
        """Start it; raise `OSError` when that is not possible. The line is closed in that case."""
        reading, writing = os.pipe()
        try:
            # Without preexec_fn this is a vfork, which costs a big process no more than a small one.
            self._process = subprocess.Popen(
                launch.argv,
                env=launch.env,
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=writing,
                pass_fds=(line.number,),
                start_new_session=True,
            )
        except BaseException:
            os.close(reading)
            line.close()
            raise
        finally:
            os.close(writing)
        line.theirs.close()
        os.set_blocking(reading, False)
        self._channel = Channel(line.ours)
        self._output = output
        self._pipe = reading
        self._wake = wake
        self._ended = False
        self._watch = threading.Thread(target=self._wait, name=f"sensor-{self.pid}", daemon=True)
        self._watch.start()
        self._channel.send(launch.first_line)

    @property
    def pid(self) -> int:
        return self._process.pid

    def tell(self, change: str, trigger: dict[str, Any]) -> None:
        """Tell the sensor of a trigger: `add`, `update` or `remove`."""
        self._channel.send({"change": change, "trigger": trigger})

    def terminate(self) -> None:
        """Ask the sensor to end."""
        if not self._ended:
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it with all that it started; possible until `close`, because only then its number becomes free."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def follow(
        self, take: Callable[[Dispatch], bool], on_wake: Callable[[], None], deadline: Callable[[], float | None]
    ) -> None:
        """Serve the sensor until its process has ended.

        Each dispatch goes to `take`, which tells whether to acknowledge it. `on_wake` is called when `wake` was.
        `deadline` is the `time.monotonic()` moment at which the process is killed, None for never.
        """
        paused = 0.0
        listening = reading = pending = True
        try:
            while not self._ended:
                now = time.monotonic()
                end = deadline()
                if end is not None and now >= end:
                    self.kill()
                    end = None
                poller = select.poll()
                poller.register(self._wake.fd, select.POLLIN)
                pending = listening and self._channel.wants_to_read and self._serve(take)
                events = select.POLLIN * (listening and self._channel.wants_to_read and not pending)
                events |= select.POLLOUT * self._channel.wants_to_write
                if events:
                    poller.register(self._channel.fd, events)
                if reading and paused <= now:
                    poller.register(self._pipe, select.POLLIN)
                moments = [moment for moment in (end, paused if paused > now else None) if moment is not None]
                sleep = max(0.0, min(moments) - now) * 1000 + 1 if moments else None
                ready = {fd for fd, _ in poller.poll(0 if pending else sleep)}
                if self._wake.fd in ready:
                    self._wake.clear()
                    on_wake()
                if self._channel.fd in ready:
                    self._channel.flush()
                    listening = self._channel.receive()
                if self._pipe in ready:
                    reading = self._read()
                    paused = time.monotonic() + _FLOOD_PAUSE if self._output.flooded else 0.0
        except BrokenLine as error:
            self._output.say(logging.ERROR, f"The sensor is ended: {error.message}.")
            self.kill()
        self.kill()
        self._drain(take)

    def close(self) -> int:
        """Let go of it and return its exit code; negative for a signal."""
        self._watch.join()
        code = self._process.wait()
        self._channel.close()
        os.close(self._pipe)
        return code

    def _wait(self) -> None:
        # It stays unreaped, so that its number, and that of its group, cannot become somebody else's.
        os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        self._ended = True
        self._wake()

    def _serve(self, take: Callable[[Dispatch], bool]) -> bool:
        """Deal with one dispatch that has arrived; tell whether there was one."""
        dispatch = self._channel.next()
        if dispatch is None:
            return False
        if take(dispatch):
            self._channel.send({"ack": dispatch.id})
        return True

    def _read(self) -> bool:
        try:
            data = os.read(self._pipe, _PIECE)
        except BlockingIOError:
            return True
        self._output.feed(data)
        return bool(data)

    def _drain(self, take: Callable[[Dispatch], bool]) -> None:
        """Take what a process that has ended had still said."""
        with contextlib.suppress(BrokenLine):
            while self._serve(take) or (self._channel.receive() and self._serve(take)):
                pass
        for _ in range(16):  # the most that a pipe holds, several times
            if not self._read() or self._output.flooded:
                break
        self._output.end()
