"""The `action_service` in the unit tests of packs."""

from __future__ import annotations

import logging
from typing import Any

from st2lite_actions.service import ActionService

from st2tests.mocks.datastore import MockDatastoreService

__all__ = ["MockActionService", "MockActionWrapper"]


class MockActionWrapper:
    """Names the pack and the class of an action."""

    def __init__(self, pack: str, class_name: str) -> None:
        self._pack = pack
        self._class_name = class_name
        self._logger = logging.getLogger(f"tests.{pack}.{class_name}")


class MockActionService(ActionService):
    """An action service whose datastore is empty and lives as long as the service."""

    def __init__(self, action_wrapper: Any) -> None:
        pack, name, logger = action_wrapper._pack, action_wrapper._class_name, action_wrapper._logger
        super().__init__(pack, name, logger)
        self._datastore = MockDatastoreService(logger, pack, name)
