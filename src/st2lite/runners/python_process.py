"""A python action that runs as the child of a host: what it prints, what it returns, how it is ended."""

from __future__ import annotations

import os
import signal
import socket
import time
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from st2lite.executions.protocol import Cancellation, OutputSink
from st2lite.models.execution import RESULT_LIMIT
from st2lite.runners.process import TIMED_OUT, ProcessTree, timeout_text
from st2lite.runners.streams import Stream, pump

_MESSAGE = 65536 + 1
_DRAIN = 2.0
_REAP = 5.0


class Returned(msgspec.Struct):
    """What `run` of an action returned: `status` is None unless it said so itself."""

    status: bool | None
    result: Any


@dataclass(frozen=True)
class PythonEnded:
    """How the process of an action ended. `exit_code` is negative for a signal; `returned` is None without a result.

    `lost` means that there was a result which cannot be kept. `error` says what a user should know besides.
    """

    exit_code: int
    stdout: str
    stderr: str
    returned: Returned | None
    lost: bool
    timed_out: bool
    error: str | None


class Control:
    """The messages of one run (see `st2lite_actions.host`)."""

    def __init__(self, line: socket.socket) -> None:
        self.fd = line.fileno()
        self.problem: str | None = None
        self.exit_code: int | None = None
        self.finished = False
        self.result: bytes | None = None
        self.tree: ProcessTree | None = None
        self._line = line
        self._pieces: list[bytes] = []
        self._room = RESULT_LIMIT
        self._doomed = False

    def read(self) -> bool:
        message = self._line.recv(_MESSAGE)
        kind, rest = message[:1], message[1:]
        if kind == b"P":
            self.tree = ProcessTree(int(rest))
            if self._doomed:
                self.tree.kill()
        elif kind == b"R":
            self._room -= len(rest)
            if self._room >= 0:
                self._pieces.append(rest)
            else:
                self._pieces.clear()
        elif kind == b"E":
            self.finished = True
            if self._room >= 0:
                self.result = b"".join(self._pieces)
            else:
                self.problem = f"The action returned more than {RESULT_LIMIT} bytes; write them to a file instead."
        elif kind == b"X":
            self._release()
            self.exit_code = os.waitstatus_to_exitcode(int(rest))
            return False
        elif kind == b"F":
            self.problem = f"No process could be started for the action: {rest.decode(errors='replace')}."
            return False
        else:
            self.problem = "The host process of python actions ended unexpectedly, and the action with it."
            self.kill()
            self._release()
            return False
        return True

    def kill(self) -> None:
        """Kill the action with all it started; if it did not say its number yet, as soon as it does."""
        self._doomed = True
        if self.tree is not None:
            self.tree.kill()

    def close(self) -> None:
        self._release()
        self._line.close()

    def _release(self) -> None:
        if self.tree is not None:
            self.tree.release()


class Host(Protocol):
    """What a run needs to know of the process whose child it is."""

    @property
    def gone(self) -> bool:
        """The host has ended, and nobody is left to say how its children end."""

    def kill(self) -> None:
        """End a host that does not answer."""


class PythonProcess:
    """One run in progress.

    `line` is its control socket, `stdout` and `stderr` are the reading ends of pipes; it owns all three.
    """

    def __init__(self, line: socket.socket, stdout: int, stderr: int, host: Host) -> None:
        self._line = line
        self._stdout = stdout
        self._stderr = stderr
        self._host = host
        self.control = Control(line)

    def follow(self, timeout: int | None, output: OutputSink, cancellation: Cancellation) -> PythonEnded:
        """Wait for the end; `timeout` is in seconds, None for no limit."""
        deadline = time.monotonic() + timeout if timeout else None
        control = self.control
        stdout = Stream("stdout", self._stdout, output)
        stderr = Stream("stderr", self._stderr, output)
        in_time = False
        try:
            cancellation.on_request(control.kill)
            in_time = pump((stdout, stderr, control), deadline, lambda: cancellation.requested or self._host.gone)
            timed_out = not in_time and not cancellation.requested and not self._host.gone
        finally:
            if not in_time:
                self._put_down(control)
        if not in_time:
            pump((stdout, stderr), time.monotonic() + _DRAIN, lambda: False)
        return _ended(control, stdout, stderr, timeout if timed_out else None)

    def close(self) -> None:
        """Let go of socket and pipes."""
        self.control.close()
        os.close(self._stdout)
        os.close(self._stderr)

    def _put_down(self, control: Control) -> None:
        control.kill()
        if control.exit_code is None and not pump((control,), time.monotonic() + _REAP, lambda: False):
            self._host.kill()


def _ended(control: Control, stdout: Stream, stderr: Stream, timeout: int | None) -> PythonEnded:
    timed_out = timeout is not None
    exit_code = TIMED_OUT if timed_out or control.exit_code is None else control.exit_code
    notes = [timeout_text(timeout)] if timed_out else []
    returned = None
    if control.result is not None:
        try:
            returned = msgspec.json.decode(control.result, type=Returned)
        except (msgspec.MsgspecError, RecursionError) as error:
            notes.append(f"The result of the action cannot be read: {error}.")
    if control.problem:
        notes.append(control.problem)
    if exit_code < 0 and not timed_out and not control.problem:
        notes.append(f"The process of the action was ended by signal {-exit_code} ({_signal_name(-exit_code)}).")
    notes += [stream.note for stream in (stdout, stderr) if stream.note]
    lost = returned is None and control.finished
    return PythonEnded(exit_code, stdout.text, stderr.text, returned, lost, timed_out, " ".join(notes) or None)


def _signal_name(number: int) -> str:
    return signal.Signals(number).name if number in signal.Signals._value2member_map_ else "unknown"
