"""A process that has the interpreter ready and forks a child for each action.

Started as `st2lite_action_host.py SOCKET IDLE`: the number of an inherited socket (SOCK_SEQPACKET) and the seconds
after which a host without work ends. Each message on the socket carries four file descriptors: the request (a file),
where the action's stdout and stderr go, and a SOCK_SEQPACKET socket on which is told how it goes, one message each:

    P<pid>      by the child: it runs, leading a session of its own
    R<bytes>    by the child: a piece of the result, then
    E           by the child: the result is complete
    X<status>   by the host: the child has ended, with this wait status
    F<text>     by the host: there is no child, for this reason

When the socket is closed by the other side the host kills its children and ends.
"""

from __future__ import annotations

import array
import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
from typing import Any

from st2lite_actions.execution import execute, warm_up
from st2lite_actions.preload import Preload

_FDS = 4
_PIECE = 65536
_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Host:
    """Serves the requests that come in on `connection`."""

    def __init__(self, connection: socket.socket, idle: float) -> None:
        self._connection = connection
        self._idle = idle
        self._children: dict[int, socket.socket] = {}
        self._wake, self._wake_end = os.pipe()
        self._preload = Preload()
        self._poller = select.poll()

    def serve(self) -> None:
        """Serve until the other side goes away, or there was nothing to do for a while."""
        os.set_blocking(self._wake, False)
        os.set_blocking(self._wake_end, False)
        signal.set_wakeup_fd(self._wake_end)
        signal.signal(signal.SIGCHLD, _wake_up)
        for number in _IGNORED:  # the service decides when actions end, not who stops the service
            signal.signal(number, signal.SIG_IGN)
        self._poller.register(self._connection, select.POLLIN)
        self._poller.register(self._wake, select.POLLIN)
        self._poller.register(self._preload.fd, select.POLLIN)
        retiring = drained = False
        while self._children or not drained:
            ready = self._poller.poll(None if self._children or retiring else self._idle * 1000)
            if not ready:
                # From here on the other side cannot send; what it has sent already is still served.
                self._connection.shutdown(socket.SHUT_RD)
                retiring = True
            for fd, _ in ready:
                if fd == self._wake:
                    self._reap()
                elif fd == self._preload.fd:
                    self._preload.learn()
                    gc.freeze()
                elif not self._accept():
                    if not retiring:
                        self._kill_children()
                        return
                    self._poller.unregister(self._connection)
                    drained = True

    def _accept(self) -> bool:
        message, ancillary, _, _ = self._connection.recvmsg(
            16, socket.CMSG_SPACE(_FDS * array.array("i").itemsize), socket.MSG_CMSG_CLOEXEC
        )
        if not message:
            return False
        fds = array.array("i")
        for _, _, data in ancillary:
            fds.frombytes(data)
        self._fork(*fds)
        return True

    def _fork(self, request: int, stdout: int, stderr: int, control: int) -> None:
        line = socket.socket(fileno=control)
        try:
            pid = os.fork()
        except OSError as error:
            _tell(line, b"F" + str(error).encode())
            line.close()
        else:
            if pid == 0:
                self._become_child(request, stdout, stderr, line)
            self._children[pid] = line
        for fd in (request, stdout, stderr):
            os.close(fd)

    def _become_child(self, request: int, stdout: int, stderr: int, line: socket.socket) -> None:
        code = 1
        try:
            os.setsid()
            os.dup2(stdout, 1)
            os.dup2(stderr, 2)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self._let_go(stdout, stderr)
            line.send(b"P%d" % os.getpid())
            code = execute(_read_request(request), Delivery(line).send)
            self._preload.report()
        except BaseException:  # noqa: BLE001 - a child must end here, whatever happens
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(code)

    def _let_go(self, *fds: int) -> None:
        self._connection.close()
        for line in self._children.values():
            line.close()
        for fd in (self._wake, self._wake_end, *fds):
            os.close(fd)

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake, _PIECE)
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            line = self._children.pop(pid)
            _tell(line, b"X%d" % status)
            line.close()

    def _kill_children(self) -> None:
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)  # it may not lead a group yet; its number is its own, it was not waited for
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)


def _wake_up(*_: object) -> None:
    """Stand in for a handler: a signal without one would not be written to the wake-up pipe."""


class Delivery:
    """Sends a result in pieces that fit in a message."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def send(self, result: bytes) -> None:
        """Send the whole result."""
        for start in range(0, len(result), _PIECE):
            self._line.send(b"R" + result[start : start + _PIECE])
        self._line.send(b"E")


def _read_request(fd: int) -> dict[str, Any]:
    with open(fd, "rb") as file:
        file.seek(0)
        request: dict[str, Any] = json.load(file)
        return request


def _tell(line: socket.socket, message: bytes) -> None:
    with contextlib.suppress(OSError):  # nobody listens any more
        line.send(message)


def main(arguments: list[str]) -> None:
    """Serve on the socket that the arguments name."""
    warm_up()
    gc.collect()
    gc.freeze()  # what is here now is shared with all children as long as not even the collector writes to it
    Host(socket.socket(fileno=int(arguments[0])), float(arguments[1])).serve()
