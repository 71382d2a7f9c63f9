"""What a logging file may name besides what Python has: the handlers and formatters of StackStorm's files."""

from __future__ import annotations

import json
import logging
import os
import socket
import time
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import IO, Any

_MODE = 0o640
_SYSLOG_SEVERITY = (
    (logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6), (logging.NOTSET, 7)
)  # fmt: skip
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class FileHandler(WatchedFileHandler):
    """A log file that is opened anew when it was rotated.

    `{pid}`, `{timestamp}` and `{ts}` in its name are those of the process, `{workerid}` is the number of the worker
    that systemd started (`WORKERID`), else that of the process. It belongs to the owner of its directory, and others
    cannot read it.
    """

    def __init__(self, filename: str, mode: str = "a", encoding: str | None = "utf-8", delay: bool = False) -> None:
        super().__init__(_named(filename), mode, encoding, delay)

    def _open(self) -> IO[Any]:  # type: ignore[override]
        directory = Path(self.baseFilename).parent.stat()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        shared = os.geteuid() == 0 and directory.st_uid != 0
        if shared:
            # Whoever owns the directory must not be able to lead us to a file that is root's.
            flags |= os.O_NOFOLLOW
        number = os.open(self.baseFilename, flags, _MODE)
        if shared and os.fstat(number).st_size == 0:
            os.fchown(number, directory.st_uid, -1)
        return os.fdopen(number, "a", encoding=self.encoding, errors=self.errors)


class GelfFormatter(logging.Formatter):
    """One JSON object per line, in the format of Graylog (GELF 1.1); what records have besides gets an underscore."""

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        entry: dict[str, Any] = {
            "version": "1.1",
            "host": socket.gethostname(),
            "short_message": message.partition("\n")[0],
            "timestamp": round(record.created, 6),
            "level": next(number for level, number in _SYSLOG_SEVERITY if record.levelno >= level),
            "_level_name": record.levelname,
            "_logger": record.name,
            "_pid": record.process,
            "_thread": record.threadName,
        }
        trace = record.exc_text or (self.formatException(record.exc_info) if record.exc_info else "")
        if trace or "\n" in message:
            entry["full_message"] = f"{message}\n{trace}".rstrip("\n")
        entry.update((f"_{name}", value) for name, value in vars(record).items() if name not in _PLAIN)
        return json.dumps(entry, ensure_ascii=False, default=str)


def _named(filename: str) -> str:
    moment = time.time()
    values = {
        "pid": str(os.getpid()),
        "workerid": os.environ.get("WORKERID") or str(os.getpid()),
        "timestamp": time.strftime("%Y-%m-%dT%H-%M-%SZ", time.gmtime(moment)),
        "ts": str(int(moment)),
    }
    for name, value in values.items():
        filename = filename.replace(f"{{{name}}}", value)
    return filename
