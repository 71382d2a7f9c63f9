"""Connections to a SQLite file: how they are set up, kept, and what their errors mean to a user."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from pathlib import Path

from st2lite.models.errors import StoreUnavailable

BUSY_SECONDS = 30
_MOST_IDLE_READERS = 4
_CACHED_STATEMENTS = 256
_LOG_SIZE_LIMIT = 16 << 20
_CHECKPOINT_PAGES = 4_000  # four times the default: a page that is written again and again is copied less often

_WRITE_AHEAD = "PRAGMA journal_mode = WAL"
_RETRY_SECONDS = 0.01

_SETTINGS = (
    "PRAGMA synchronous = FULL",
    f"PRAGMA journal_size_limit = {_LOG_SIZE_LIMIT}",
    f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}",
    "PRAGMA temp_store = MEMORY",
)

# SQLite's own words, because Python before 3.11 does not give its error codes.
_REMEDIES = {
    "not a database": "{path} is not a SQLite database: move it away, or name another file",
    "malformed": "{path} is damaged: restore a backup, or salvage it with: sqlite3 '{path}' .recover",
    "disk is full": "the disk that holds {path} is full: nothing was written; free some space",
    "disk I/O": "{path} cannot be read or written ({error}): check the disk",
    "readonly": "{path} cannot be written: check the owner and the permissions of the file and its directory",
    "unable to open": "{path} cannot be opened: check the owner and the permissions of the file and its directory",
    "locked": "{path} was locked by another process for too long: stop that process",
    "no such table": "{path} has not been set up or is out of date ({error}): restart the service",
    "no such column": "{path} has not been set up or is out of date ({error}): restart the service",
}


def explain(error: Exception, path: Path) -> StoreUnavailable:
    """The error for the rooms above, with what to do about it."""
    text = str(error)
    for words, remedy in _REMEDIES.items():
        if words in text:
            return StoreUnavailable(remedy.format(path=path, error=text))
    return StoreUnavailable(f"{path}: {text}")


def connect(path: Path) -> sqlite3.Connection:
    """Open the database, creating it (0600) and its directory (0700) if they are missing; in autocommit mode.

    Raise `sqlite3.Error`, or `StoreUnavailable` if the file cannot be created.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be created: {error.strerror}; check the directory") from None
    connection = sqlite3.connect(
        path,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=_CACHED_STATEMENTS,
    )
    try:
        _write_ahead(connection)
        for setting in _SETTINGS:
            connection.execute(setting)
    except BaseException:
        connection.close()
        raise
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log; of several processes that do so in a new file SQLite lets some fail at once."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute(_WRITE_AHEAD)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_SECONDS)
        else:
            return


class ConnectionPool:
    """Connections for reading. Each serves one thread at a time; a few stay open between reads, the warmest first."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        self._inode: int | None = None

    def take(self) -> sqlite3.Connection:
        """An idle connection, or a new one; raise `StoreUnavailable` if it cannot be opened."""
        if self._closed:
            raise StoreUnavailable(f"{self._path} was closed")
        try:
            return self._idle.pop()
        except IndexError:
            pass
        try:
            connection = connect(self._path)
        except sqlite3.Error as error:
            raise explain(error, self._path) from None
        if self._inode is None:
            self._inode = self._path.stat().st_ino
        return connection

    def give_back(self, connection: sqlite3.Connection) -> None:
        """Keep the connection for the next reader, or close it if there are enough."""
        if self._closed or len(self._idle) >= _MOST_IDLE_READERS:
            connection.close()
            return
        self._idle.append(connection)
        if self._closed:  # meanwhile, and may have found this one missing
            self.close()

    def check_file(self) -> None:
        """Raise `StoreUnavailable` if the file was deleted or exchanged since it was opened."""
        if self._inode is None:
            return
        try:
            same = self._path.stat().st_ino == self._inode
        except OSError:
            same = False
        if not same:
            raise StoreUnavailable(f"{self._path} was deleted or exchanged while in use: restart the service")

    def close(self) -> None:
        self._closed = True
        with contextlib.suppress(IndexError):  # none is left; other threads may take them, too
            while True:
                self._idle.pop().close()
