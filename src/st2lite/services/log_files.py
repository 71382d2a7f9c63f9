"""Reading an operator's logging file: the format of Python's `logging.config.fileConfig`, as StackStorm's are."""

from __future__ import annotations

import configparser
import logging
import logging.config
import socket
from logging.handlers import SysLogHandler
from pathlib import Path

from st2lite.config.schema import Syslog
from st2lite.http.audit import AUDIT
from st2lite.models.errors import ConfigError

_OURS = "st2lite.services.log_handlers"
_SYSLOG = ("st2common.log.ConfigurableSyslogHandler", "st2common.logging.handlers.ConfigurableSyslogHandler")
_CLASSES = {
    "st2common.log.FormatNamedFileHandler": f"{_OURS}.FileHandler",
    "st2common.logging.handlers.FormatNamedFileHandler": f"{_OURS}.FileHandler",
    "st2common.logging.formatters.GelfLogFormatter": f"{_OURS}.GelfFormatter",
    "st2common.logging.formatters.ConsoleLogFormatter": "logging.Formatter",
    **dict.fromkeys(_SYSLOG, "logging.handlers.SysLogHandler"),
}
"""Classes that StackStorm's files name, and what stands for them here."""


def apply_logging_file(option: str, path: Path, syslog: Syslog) -> None:
    """Log as the file at `path` says; raise `ConfigError`, which names the option, if that cannot be done.

    The file is trusted as far as st2.conf is: what stands for arguments of a handler is evaluated as Python.
    """
    logging.addLevelName(AUDIT, "AUDIT")
    parser = _read(option, path)
    for section in parser.sections():
        kind = parser.get(section, "class", fallback="").strip()
        if kind in _SYSLOG:
            parser.set(section, "args", _syslog_arguments(syslog))
        if kind in _CLASSES:
            parser.set(section, "class", _CLASSES[kind])
    try:
        logging.config.fileConfig(parser, disable_existing_loggers=False)
    except OSError as error:
        logging.shutdown()  # closes what was opened before
        where = f"{error.filename}: " if error.filename else ""
        raise ConfigError(
            f"{option}: {path} names a place that cannot be written: {where}{error.strerror}. "
            "Create its directory for the user of the service, or name another one."
        ) from None
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the file becomes an exception of some kind
        logging.shutdown()
        reason = f"there is no {error}" if isinstance(error, KeyError) else str(error) or type(error).__name__
        raise ConfigError(f"{option}: {path} cannot be used: {reason}. Mend it, or leave the option empty.") from None


def _read(option: str, path: Path) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(inline_comment_prefixes=None)
    try:
        with path.open(encoding="utf-8") as stream:
            parser.read_file(stream)
    except OSError as error:
        raise ConfigError(
            f"{option}: {path} cannot be read: {error.strerror}. Name another file, or leave the option empty."
        ) from None
    except (UnicodeDecodeError, configparser.Error):
        raise ConfigError(f"{option}: {path} is no file of [sections] with option = value in them.") from None
    if not parser.has_section("loggers"):
        raise ConfigError(f"{option}: {path} has no section [loggers]; is it a logging file?")
    return parser


def _syslog_arguments(syslog: Syslog) -> str:
    kind = socket.SOCK_STREAM if syslog.protocol == "tcp" else socket.SOCK_DGRAM
    facility = SysLogHandler.facility_names[syslog.facility]
    return repr(((syslog.host, syslog.port), facility, int(kind)))
