"""Logs of the daemons: one line per event, as text for people or as JSON for machines."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from logging.handlers import WatchedFileHandler
from pathlib import Path

from st2lite.config.schema import Config, Log
from st2lite.http.audit import AUDIT, LOGGER
from st2lite.models.errors import ConfigError
from st2lite.models.timestamps import from_epoch
from st2lite.services.log_handlers import FileHandler

_SECRETS = re.compile(
    r"""(?ix)
    (\b(?:password|passwd|secret|token|api[-_]?key|authorization|x-auth-token|st2-api-key)["']?\s*[=:]\s*["']?)
    (?:basic\s+|bearer\s+)?[^\s"',;&}]+
    | (?<=://)[^\s/:@]+:[^\s/@]+(?=@)
    """
)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_SECTIONS = {"st2timersengine": "timer"}
QUIET = ("paramiko", "requests", "urllib3", "pymongo", "amqp", "kombu", "asyncio")
"""Loggers of libraries of which only warnings are kept."""


def mask(text: str) -> str:
    """Replace what looks like a secret in a log line: values of telling names, and credentials in URLs."""
    return _SECRETS.sub(lambda match: f"{match[1] or ''}********", text)


def tame(text: str) -> str:
    """What callers have sent must not look like a line of ours, nor steer a terminal."""
    return _CONTROL.sub(lambda found: "\n    " if found[0] == "\n" else repr(found[0])[1:-1], text)


class _Formatter(logging.Formatter):
    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if record.exc_info:
            message = f"{message}\n{record.exc_text or self.formatException(record.exc_info)}"
        return self.line(record, message)

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


class _Clean(logging.Filter):
    """Cleans a record before any formatter sees it: what a formatter quotes would hide secrets from us."""

    _traces = logging.Formatter()

    def __init__(self, mask_secrets: bool) -> None:
        super().__init__()
        self._mask = mask if mask_secrets else str

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = tame(self._mask(record.getMessage())), None
        if record.exc_info and not record.exc_text:
            record.exc_text = self._mask(self._traces.formatException(record.exc_info))
        return True


def set_up_logging(config: Config, service: str) -> None:
    """Send the logs of this process where the logging file of the service says.

    Without one they go to `[log] directory`/<service>.log, and without that to standard error. Raise
    `ConfigError` if such a file cannot be read or written.
    """
    root = logging.getLogger()
    root.setLevel(config.log.level)
    section, path = _logging_file(config, service)
    if path:
        # Imported when there is such a file: most of it is about things that nobody here uses.
        from st2lite.services.log_files import apply_logging_file

        apply_logging_file(f"[{section}] logging", Path(path), config.syslog)
    else:
        root.handlers[:] = [_usual_handler(config.log, service)]
    for handler in _handlers():
        handler.addFilter(_Clean(config.log.mask_secrets))
    # Nobody makes records that nobody keeps.
    logging.getLogger(LOGGER).disabled = all(handler.level != AUDIT for handler in _handlers())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def reopen_logs() -> None:
    """Open log files anew after they were rotated (SIGUSR1)."""
    for handler in _handlers():
        handler.acquire()
        try:
            if isinstance(handler, WatchedFileHandler):
                handler.reopenIfNeeded()
            elif isinstance(handler, logging.FileHandler) and handler.stream is not None:
                handler.stream.close()
                handler.stream = handler._open()
        finally:
            handler.release()


def _logging_file(config: Config, service: str) -> tuple[str, str]:
    """Section of a service in st2.conf, and the logging file that it names; empty if it names none."""
    section = _SECTIONS.get(service, service.removeprefix("st2"))
    return section, str(getattr(getattr(config, section, None), "logging", ""))


def _usual_handler(log: Log, service: str) -> logging.Handler:
    handler: logging.Handler
    if log.directory:
        path = Path(log.directory) / f"{service}.log"
        try:
            handler = FileHandler(str(path))
        except OSError as error:
            raise ConfigError(
                f"[log] directory: {path} cannot be written: {error.strerror}. Create the directory for the user of "
                "the service, or leave the option empty to log to standard error."
            ) from None
    else:
        handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter((_JsonFormatter if log.format == "json" else _Formatter)(service))
    return handler


def _handlers() -> set[logging.Handler]:
    """All handlers of this process."""
    named = list(logging.Logger.manager.loggerDict.values())
    loggers = [logging.getLogger(), *(one for one in named if isinstance(one, logging.Logger))]
    return {handler for logger in loggers for handler in logger.handlers}
