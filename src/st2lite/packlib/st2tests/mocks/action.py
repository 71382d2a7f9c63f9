"""The `action_service` in the unit tests of packs."""

from __future__ import annotations

from typing import Any

from st2lite_actions.service import ActionService

from st2tests.mocks.datastore import MockDatastoreService
from st2tests.mocks.wrapper import MockWrapper

__all__ = ["MockActionService", "MockActionWrapper"]


class MockActionWrapper(MockWrapper):
    """That of an action."""


class MockActionService(ActionService):
    """An action service whose datastore is empty and lives as long as the service."""

    def __init__(self, action_wrapper: Any) -> None:
        pack, name, logger = action_wrapper._pack, action_wrapper._class_name, action_wrapper._logger
        super().__init__(pack, name, logger)
        self._datastore = MockDatastoreService(logger, pack, name)
