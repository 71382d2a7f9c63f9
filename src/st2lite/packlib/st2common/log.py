"""Python's `logging` with the level AUDIT, for code of packs that takes its loggers from `st2common`."""

from __future__ import annotations

import logging
from functools import partial
from logging import CRITICAL, DEBUG, ERROR, INFO, WARNING, Logger

__all__ = ["AUDIT", "CRITICAL", "DEBUG", "ERROR", "INFO", "WARNING", "Logger", "getLogger"]

AUDIT = logging.CRITICAL + 10

logging.addLevelName(AUDIT, "AUDIT")


def getLogger(name: str) -> Logger:
    """Return the logger `name`, which has a method `audit` besides the usual ones."""
    logger = logging.getLogger(name)
    if not hasattr(logger, "audit"):
        logger.audit = partial(logger.log, AUDIT)  # type: ignore[attr-defined]
    return logger
