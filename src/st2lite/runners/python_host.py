"""Warm interpreters: one host process for each python of a pack, which forks a child for each action.

The other end of what is said here is `packlib/st2lite_actions/host.py`, which explains the messages.
"""

from __future__ import annotations

import array
import contextlib
import os
import socket
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path

from st2lite.models.errors import St2liteError
from st2lite.runners.python_process import PythonProcess

IDLE = 300.0
"""Seconds without work after which a host ends by itself."""

_SCRIPT = "st2lite_action_host.py"
_PATIENCE = 5.0
_TRIES = 3


class HostError(St2liteError):
    """No host process can be had for an interpreter."""


class HostGone(Exception):
    """The host does not take requests any more; the one it was given was not started."""


class PythonHost:
    """One host process, started at once; its interpreter is `python`, its environment `env`."""

    def __init__(self, python: Path, packlib: Path, env: Mapping[str, str], idle: float) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._process = subprocess.Popen(
                [str(python), "-u", str(packlib / _SCRIPT), str(theirs.fileno()), str(idle)],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            raise HostError(f"The interpreter {python} cannot be started: {error.strerror}.") from error
        finally:
            theirs.close()
        self._connection = ours
        # Waits for the process, so that one that ended by itself is reaped at once.
        self._watch = threading.Thread(target=self._process.wait, name="python-host", daemon=True)
        self._watch.start()

    def start(self, request: bytes) -> PythonProcess:
        """Have a child run `request`. Raises `HostGone`, and then nothing was started."""
        with contextlib.ExitStack() as passed, contextlib.ExitStack() as kept:
            file = os.memfd_create("request", os.MFD_CLOEXEC)
            passed.callback(os.close, file)
            _write_all(file, request)
            ends = [file]
            pipes = []
            for _ in range(2):
                reading, writing = os.pipe()
                kept.callback(os.close, reading)
                passed.callback(os.close, writing)
                pipes.append(reading)
                ends.append(writing)
            line, their_line = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            kept.callback(line.close)
            passed.callback(their_line.close)
            ends.append(their_line.fileno())
            self._send(ends)
            kept.pop_all()
        return PythonProcess(line, pipes[0], pipes[1], self)

    def _send(self, ends: list[int]) -> None:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", ends))]
        try:
            self._connection.sendmsg([b"run"], rights)
        except OSError as error:
            raise HostGone from error

    @property
    def gone(self) -> bool:
        """The host has ended."""
        return self._process.returncode is not None

    def kill(self) -> None:
        """End a host that does not answer, and all that it runs."""
        self._process.kill()

    def disconnect(self) -> None:
        """Let go of a host that takes no more requests; what it still runs may end in peace."""
        self._connection.close()

    def close(self) -> None:
        """Have the host kill what it runs and end."""
        self._connection.close()
        self._watch.join(_PATIENCE)
        if not self.gone:
            self.kill()
            self._watch.join(_PATIENCE)


class HostPool:
    """The hosts of all interpreters; may be used from many threads."""

    def __init__(self, packlib: Path, idle: float = IDLE) -> None:
        self._packlib = packlib
        self._idle = idle
        self._hosts: dict[tuple[str, int, int], PythonHost] = {}
        self._lock = threading.Lock()

    def start(self, python: Path, env: Mapping[str, str], request: bytes) -> PythonProcess:
        """Run `request` as a child of the host of `python`, which is started (with `env`) if there is none.

        Raises `HostError` when that is not possible.
        """
        try:
            found = python.stat()
        except OSError as error:
            raise HostError(f"The interpreter {python} cannot be started: {error.strerror}.") from error
        key = (str(python), found.st_ino, found.st_mtime_ns)  # a python that was replaced needs a new host
        for _ in range(_TRIES):
            host = self._host(key, python, env)
            try:
                return host.start(request)
            except HostGone:
                self._forget(key, host)
        raise HostError(f"The interpreter {python} ends as soon as it is started; the log of this service says why.")

    def close(self) -> None:
        """End all hosts, and what they still run."""
        with self._lock:
            hosts, self._hosts = list(self._hosts.values()), {}
        for host in hosts:
            host.close()

    def _host(self, key: tuple[str, int, int], python: Path, env: Mapping[str, str]) -> PythonHost:
        with self._lock:
            host = self._hosts.get(key)
            if host is None:
                host = self._hosts[key] = PythonHost(python, self._packlib, env, self._idle)
            return host

    def _forget(self, key: tuple[str, int, int], host: PythonHost) -> None:
        with self._lock:
            if self._hosts.get(key) is host:
                del self._hosts[key]
        host.disconnect()


def _write_all(fd: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]
