"""Having the driver's background threads sleep while there is nothing to do.

The driver looks two times a second, in each of three threads per client, whether one of its tasks is due; the one that
listens to the server looks as often whether it shall go on. Half a dozen services that have nothing to do would spend
more on that than on everything else. Here a thread sleeps until its task is due, the server speaks, or somebody asks.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from typing import Any

from pymongo import MongoClient
from pymongo.network_layer import NetworkingInterface
from pymongo.periodic_executor import PeriodicExecutor
from pymongo.socket_checker import SocketChecker
from pymongo.synchronous.monitor import Monitor

_CURSORS_SECONDS = 60.0
"""Between two looks for cursors that were left open, and for connections that are idle for too long: we leave none."""

_LISTENING = 5.0
"""Seconds a thread listens before it looks at its deadline; the server speaks every ten seconds."""

_NEEDED = ("_target", "_interval", "_min_interval", "_stopped", "_skip_sleep", "_thread_will_exit", "_lock")


class _Sleeper(PeriodicExecutor):
    """An executor of the driver that waits on an alarm; made out of one that does not run yet."""

    _alarm: threading.Event

    def wake(self) -> None:
        super().wake()
        self._alarm.set()

    def close(self, dummy: Any = None) -> None:
        super().close(dummy)
        self._alarm.set()

    def _run(self) -> None:
        try:
            while not self._should_stop():
                self._alarm.clear()
                if self._stopped or not self._target():
                    self._stopped = True
                elif self._skip_sleep:
                    self._skip_sleep = False
                elif self._alarm.wait(self._interval) and not self._stopped:
                    time.sleep(self._min_interval)  # whoever needs a server asks over and over until there is one
                self._event = False
        except BaseException:
            with self._lock:
                self._stopped = self._thread_will_exit = True
            raise


class _Listener(NetworkingInterface):
    """A connection on which the server speaks when it has something to say: reading it waits longer than others do."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self._checker = SocketChecker()

    def recv_into(self, buffer: bytes | memoryview) -> int:
        if not (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()):
            self._checker.select(self.sock, read=True, timeout=_LISTENING)
        received = super().recv_into(buffer)
        if not received and len(buffer):
            raise ConnectionResetError("the server closed the connection")  # the driver asks whether that was `hush`
        return received

    def hush(self) -> None:
        """Wake whoever reads: there is nothing more to come. Takes no lock; safe from any thread."""
        connection: Any = self.sock
        with contextlib.suppress(OSError):  # closed already
            connection.shutdown(socket.SHUT_RDWR)


class QuietMonitor(Monitor):
    """Watches a server without looking at the clock all the time."""

    _listener: _Listener | None = None

    def __init__(self, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        _quieten(self._executor)
        _quieten(self._rtt_monitor._executor)  # it measures how long the server takes to answer

    def cancel_check(self) -> None:
        super().cancel_check()
        if self._listener is not None:
            self._listener.hush()

    def _check_with_socket(self, conn: Any) -> Any:
        if type(conn.conn) is NetworkingInterface:
            conn.conn = _Listener(conn.conn.get_conn)
        self._listener = conn.conn if isinstance(conn.conn, _Listener) else None
        return super()._check_with_socket(conn)


def quieten(client: MongoClient[Any]) -> None:
    """Have the thread of a client that puts cursors and connections away sleep; call it before the client is used."""
    executor = getattr(client, "_kill_cursors_executor", None)
    if isinstance(executor, PeriodicExecutor):
        _quieten(executor)
        executor.update_interval(_CURSORS_SECONDS)


def _quieten(executor: PeriodicExecutor) -> None:
    """Turn an executor into a sleeper, unless this release of the driver makes them in another way."""
    if hasattr(executor, "_should_stop") and all(hasattr(executor, name) for name in _NEEDED):
        executor.__class__ = _Sleeper
        assert isinstance(executor, _Sleeper)  # noqa: S101 - for readers and type checkers
        executor._alarm = threading.Event()
