"""Triggers of the datastore: an item was made, written again, changed or deleted."""

from __future__ import annotations

import logging
from typing import Any

from st2lite.models.errors import St2liteError
from st2lite.models.trigger import KEY_TRIGGERS
from st2lite.reactor.dispatch import Dispatcher
from st2lite.reactor.listeners import Listeners
from st2lite.rendering.keys import View

logger = logging.getLogger(__name__)


class KeyEvents:
    """Emits the triggers of `core.st2.key_value_pair` that a rule listens for.

    Items are shown as the API shows them; secret values stay encrypted.
    """

    def __init__(self, dispatcher: Dispatcher, listeners: Listeners) -> None:
        self._dispatcher = dispatcher
        self._listeners = listeners

    def emit(self, before: View | None, after: View | None) -> None:
        """Tell of a write (see `rendering.keys.OnChange`), which stands whatever becomes of this."""
        if after is None:
            self._emit("delete", {"object": before})
        elif before is None:
            self._emit("create", {"object": after})
        else:
            self._emit("update", {"object": after})
            if before["value"] != after["value"]:
                self._emit("value_change", {"old_object": before, "new_object": after})

    def _emit(self, name: str, payload: dict[str, Any]) -> None:
        trigger = f"{KEY_TRIGGERS}.{name}"
        try:
            if self._listeners.any(trigger):
                self._dispatcher.dispatch_type(trigger, payload)
        except St2liteError as error:
            logger.warning("Not emitted, %s: %s", trigger, error.message)
