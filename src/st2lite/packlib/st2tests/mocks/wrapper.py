"""Stands in for what starts an action or a sensor, in the unit tests of packs."""

from __future__ import annotations

import logging

__all__ = ["MockWrapper"]


class MockWrapper:
    """Names a pack, and the class of an action or a sensor in it."""

    def __init__(self, pack: str, class_name: str) -> None:
        self._pack = pack
        self._class_name = class_name
        self._logger = logging.getLogger(f"tests.{pack}.{class_name}")
