"""The loggers of python actions."""

from __future__ import annotations

import logging

__all__ = ["PYTHON_ACTIONS_LOGGER", "get_logger_for_python_runner_action"]

PYTHON_ACTIONS_LOGGER = "st2.actions.python"
"""Parent of the loggers of all action classes; level and handler are set on it."""


def get_logger_for_python_runner_action(action_name: str, log_level: str = "") -> logging.Logger:
    """Return the logger of the action class `action_name`; `log_level` changes its level when given."""
    logger = logging.getLogger(f"{PYTHON_ACTIONS_LOGGER}.{action_name}")
    if log_level:
        logger.setLevel(log_level.upper())
    return logger
