"""Logs of the daemons: one line per event, as text for people or as JSON for machines."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from logging.handlers import WatchedFileHandler
from pathlib import Path

from st2lite.config.schema import Config
from st2lite.models.errors import ConfigError
from st2lite.models.timestamps import from_epoch

_SECRETS = re.compile(
    r"""(?ix)
    (\b(?:password|passwd|secret|token|api[-_]?key|authorization|x-auth-token|st2-api-key)["']?\s*[=:]\s*["']?)
    (?:basic\s+|bearer\s+)?[^\s"',;&}]+
    | (?<=://)[^\s/:@]+:[^\s/@]+(?=@)
    """
)
_QUIET = ("paramiko", "requests", "urllib3", "pymongo", "amqp", "kombu", "asyncio")


def mask(text: str) -> str:
    """Replace what looks like a secret in a log line: values of telling names, and credentials in URLs."""
    return _SECRETS.sub(lambda match: f"{match[1] or ''}********", text)


class _Formatter(logging.Formatter):
    def __init__(self, service: str, masked: bool) -> None:
        super().__init__()
        self._service = service
        self._masked = masked

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if record.exc_info:
            message = f"{message}\n{self.formatException(record.exc_info)}"
        return self.line(record, mask(message) if self._masked else message)

    def line(self, record: logging.LogRecord, message: str) -> str:
        where = f"{self._service}[{record.process}]"
        return f"{from_epoch(record.created)} {record.levelname:<7} {where} {record.name}: {message}"


class _JsonFormatter(_Formatter):
    def line(self, record: logging.LogRecord, message: str) -> str:
        return json.dumps(
            {
                "timestamp": from_epoch(record.created),
                "level": record.levelname,
                "service": self._service,
                "pid": record.process,
                "thread": threading.current_thread().name,
                "logger": record.name,
                "message": message,
            },
            ensure_ascii=False,
        )


def set_up_logging(config: Config, service: str) -> None:
    """Send all logs of this process to `[log] directory`/<service>.log, or to standard error.

    Raise `ConfigError` if that file cannot be written.
    """
    handler: logging.Handler
    if config.log.directory:
        path = Path(config.log.directory) / f"{service}.log"
        try:
            handler = WatchedFileHandler(path, encoding="utf-8")
        except OSError as error:
            raise ConfigError(
                f"[log] directory: {path} cannot be written: {error.strerror}. Create the directory for the user of "
                "the service, or leave the option empty to log to standard error."
            ) from None
    else:
        handler = logging.StreamHandler(sys.stderr)
    formatter = _JsonFormatter if config.log.format == "json" else _Formatter
    handler.setFormatter(formatter(service, config.log.mask_secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(config.log.level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def reopen_logs() -> None:
    """Open log files anew after they were rotated (SIGUSR1)."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, WatchedFileHandler):
            handler.acquire()
            try:
                handler.reopenIfNeeded()
            finally:
                handler.release()
