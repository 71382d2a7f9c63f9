"""The `sensor_service` of a sensor."""

from __future__ import annotations

import logging
from typing import Any

from st2common.log import getLogger
from st2lite_actions.service import DatastoreAccess

from st2lite_sensors.line import Line, NotSent


class SensorService(DatastoreAccess):
    """Dispatches triggers, reads and writes the datastore, makes loggers."""

    def __init__(self, pack_name: str, class_name: str, line: Line) -> None:
        self._logger_name = f"SensorWrapper.{pack_name}.{class_name}"
        super().__init__(pack_name, class_name, getLogger(self._logger_name))
        self._line = line

    def get_logger(self, name: str) -> logging.Logger:
        """Return the logger `SensorWrapper.<pack>.<class>.<name>`."""
        return getLogger(f"{self._logger_name}.{name}")

    def dispatch(self, trigger: Any, payload: Any = None, trace_tag: str | None = None) -> None:
        """Say that a trigger occurred; when this returns, that is stored.

        `trigger` is the reference of a trigger type or of a trigger, or a trigger as `add_trigger` gets it. What
        cannot be accepted (an unknown trigger, a payload that violates the schema) is logged and dropped.
        """
        self.dispatch_with_context(trigger, payload, {"trace_tag": trace_tag} if trace_tag else None)

    def dispatch_with_context(self, trigger: Any, payload: Any = None, trace_context: Any = None) -> None:
        """Like `dispatch`, as part of a trace: `trace_context` has `id_` or `trace_tag`, as keys or as attributes."""
        if not isinstance(trigger, (str, dict)):
            self._logger.error("Dropped an occurrence of %s: give the reference of a trigger, as text.", trigger)
            return
        try:
            self._line.dispatch(trigger, {} if payload is None else payload, _as_dict(trace_context))
        except NotSent as error:
            self._logger.error("Dropped an occurrence of %s: %s.", trigger, error)


def _as_dict(trace_context: Any) -> dict[str, Any] | None:
    if trace_context is None or isinstance(trace_context, dict):
        return trace_context
    named = {name: getattr(trace_context, name, None) for name in ("id_", "trace_tag")}
    return {name: value for name, value in named.items() if value}
