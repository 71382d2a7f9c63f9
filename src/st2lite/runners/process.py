"""Running one local process to its end: its output, its time limit, its cancellation."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from st2lite.executions.protocol import Cancellation, OutputSink, Run
from st2lite.models.errors import InvalidInput, St2liteError
from st2lite.runners.output_text import OUTPUT_LIMIT
from st2lite.runners.process_tree import kill_tree
from st2lite.runners.streams import Stream, pump

TIMED_OUT = -9
"""Exit code of a process that was killed because its time was over."""

_DRAIN = 2.0
_REAP = 5.0


class NotStarted(St2liteError):
    """The system refused to start a command; `errno` says why."""

    def __init__(self, program: str, error: OSError) -> None:
        hint = ", or the interpreter that its first line names" if error.errno == errno.ENOENT else ""
        super().__init__(f"{program}{hint} cannot be started: {error.strerror}.")
        self.errno = error.errno


@dataclass(frozen=True)
class Command:
    """What to run. `timeout` is in seconds, None or 0: no limit. `stdin` is written to the process and closed.

    `kill_with` is the sudo prefix that may kill the process when this user may not; `stdin` answers its question too.
    """

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: str | None = None
    timeout: float | None = None
    stdin: str | None = None
    kill_with: Sequence[str] = ()
    output_limit: int = OUTPUT_LIMIT


@dataclass(frozen=True)
class Ended:
    """How a process ended. `exit_code` is negative for a signal, `TIMED_OUT` after the time limit.

    `error` says what a user should know besides: that time was over, that output was dropped.
    """

    exit_code: int
    stdout: str
    stderr: str
    error: str | None


class ProcessTree:
    """A started process that can be killed with all it started, from any thread, until it is waited for."""

    def __init__(self, pid: int, sudo: Sequence[str] = (), password: str | None = None) -> None:
        self._pid = pid
        self._sudo = sudo
        self._password = password
        self._lock = threading.Lock()
        self._alive = True

    def kill(self) -> None:
        """Kill it all; without effect once released."""
        with self._lock:
            if self._alive:
                kill_tree(self._pid, self._sudo, self._password)

    def release(self) -> None:
        """Say that the number of the process is about to become free."""
        with self._lock:
            self._alive = False


def run_process(command: Command, output: OutputSink, cancellation: Cancellation) -> Ended:
    """Run `command` in a session of its own and return when it and all that hold its output have ended.

    At the time limit, and when `cancellation` is requested, everything it started is killed. Raises `NotStarted` or
    `InvalidInput` when it cannot be started.
    """
    process = _start(command)
    try:
        return _follow(process, command, output, cancellation)
    finally:
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def _start(command: Command) -> subprocess.Popen[bytes]:
    try:
        # Without preexec_fn this is a vfork, which costs a big process no more than a small one.
        return subprocess.Popen(
            command.argv,
            bufsize=0,
            env=command.env,
            cwd=command.cwd,
            stdin=subprocess.PIPE if command.stdin is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise NotStarted(command.argv[0], error) from error
    except ValueError as error:
        raise InvalidInput(f"The command cannot be started: {error}.") from error


def _follow(
    process: subprocess.Popen[bytes], command: Command, output: OutputSink, cancellation: Cancellation
) -> Ended:
    deadline = time.monotonic() + command.timeout if command.timeout else None
    tree = ProcessTree(process.pid, command.kill_with, command.stdin)
    stdout = Stream("stdout", _fd(process.stdout), output, command.output_limit)
    stderr = Stream("stderr", _fd(process.stderr), output, command.output_limit)
    in_time = False
    try:
        cancellation.on_request(tree.kill)
        if command.stdin is not None:
            _answer(process.stdin, command.stdin)
        in_time = pump((stdout, stderr), deadline, lambda: cancellation.requested)
        in_time = in_time and _ends(process.pid, deadline, cancellation)
    finally:
        if not in_time:
            tree.kill()
        tree.release()
        if not in_time:
            _reap(process)
    if in_time:
        process.wait()
    else:
        pump((stdout, stderr), time.monotonic() + _DRAIN, lambda: False)
    timed_out = not in_time and not cancellation.requested
    notes = [timeout_text(command.timeout)] if timed_out else []
    notes += [stream.note for stream in (stdout, stderr) if stream.note]
    exit_code = TIMED_OUT if timed_out or process.returncode is None else process.returncode
    return Ended(exit_code, stdout.text, stderr.text, " ".join(notes) or None)


def time_limit(run: Run, default: int) -> int | None:
    """Read the runner parameter `timeout`: seconds, or None for 0. Raises `InvalidInput` below that."""
    seconds = run.runner_parameters.get("timeout")
    if seconds is None:
        return default
    if seconds < 0:
        raise InvalidInput(f'Parameter "timeout" is {seconds}: give the seconds to wait, or 0 for no limit.')
    return int(seconds) or None


def timeout_text(seconds: float | None) -> str:
    """What the result of an action says whose time limit is over."""
    return f"Action failed to complete in {seconds} seconds"


def _fd(pipe: IO[bytes] | None) -> int:
    assert pipe is not None  # noqa: S101 - asked for above
    return pipe.fileno()


def _answer(pipe: IO[bytes] | None, text: str) -> None:
    assert pipe is not None  # noqa: S101 - asked for above
    with contextlib.suppress(BrokenPipeError), pipe:
        pipe.write(f"{text}\n".encode())


def _reap(process: subprocess.Popen[bytes]) -> None:
    # A killed process can outlive the kill only inside the kernel (a dead network mount); it is not worth a thread.
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_REAP)


def _ends(pid: int, deadline: float | None, cancellation: Cancellation) -> bool:
    """Wait for a process that has closed its output, which nearly always is one that has just ended.

    It stays unreaped, so that its number cannot become somebody else's while another thread may still kill it.
    """
    pause = 0.0005
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if cancellation.requested or (deadline is not None and time.monotonic() >= deadline):
            return False
        time.sleep(pause)
        pause = min(pause * 2, 0.05)
    return True
