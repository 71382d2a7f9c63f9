"""The `sensor_service` in the unit tests of packs."""

from __future__ import annotations

from typing import Any
from unittest import mock

from st2lite_actions.service import DatastoreAccess

from st2tests.mocks.datastore import MockDatastoreService
from st2tests.mocks.wrapper import MockWrapper

__all__ = ["MockSensorService", "MockSensorWrapper"]


class MockSensorWrapper(MockWrapper):
    """That of a sensor."""


class MockSensorService(DatastoreAccess):
    """Notes what a sensor dispatches, in `dispatched_triggers`; loggers are mocks, and the datastore is empty."""

    def __init__(self, sensor_wrapper: Any) -> None:
        pack, name, logger = sensor_wrapper._pack, sensor_wrapper._class_name, sensor_wrapper._logger
        super().__init__(pack, name, logger)
        self._datastore = MockDatastoreService(logger, pack, name)
        self._sensor_wrapper = sensor_wrapper
        self.dispatched_triggers: list[dict[str, Any]] = []

    def get_logger(self, name: str) -> Any:
        """Return a mock that takes what is logged."""
        return mock.Mock(name=name)

    def dispatch(self, trigger: Any, payload: Any = None, trace_tag: str | None = None) -> None:
        """Note that a trigger occurred."""
        self.dispatch_with_context(trigger, payload, {"trace_tag": trace_tag} if trace_tag else None)

    def dispatch_with_context(self, trigger: Any, payload: Any = None, trace_context: Any = None) -> None:
        """Note that a trigger occurred, as part of a trace."""
        occurred = {"trigger": trigger, "payload": {} if payload is None else payload}
        if trace_context:
            occurred["trace_context"] = trace_context
        self.dispatched_triggers.append(occurred)
