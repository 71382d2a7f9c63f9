"""Takes what sensors dispatch: stored before it is acknowledged, or refused for good."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from st2lite.content.triggers import trigger_name
from st2lite.models.errors import InvalidInput, NotFound, StoreUnavailable
from st2lite.models.ids import new_id
from st2lite.models.trigger import Trigger, TriggerType
from st2lite.reactor.dispatch import Dispatcher
from st2lite.reactor.sensors.protocol import Dispatch
from st2lite.storage.contract import Equal, Store, find_one

logger = logging.getLogger(__name__)

_RETRY = 1.0


class Intake:
    """Stores dispatches; one for all sensors, used by many threads."""

    def __init__(self, store: Store, dispatcher: Dispatcher) -> None:
        self._store = store
        self._dispatcher = dispatcher

    def take(self, dispatch: Dispatch, refuse: Callable[[str], None], give_up: Callable[[float], bool]) -> bool:
        """Store an occurrence; False only when it may not be, because `give_up` said so while the store was away.

        `give_up(seconds)` waits and tells whether to stop trying. What can never be stored is told to `refuse`, and
        counts as taken.
        """
        identifier = new_id()  # the same in each attempt: a write whose answer was lost is not repeated
        away = False
        while True:
            try:
                trigger = self._find(dispatch.trigger)
                self._dispatcher.dispatch(
                    [trigger], dispatch.payload, dispatch.trace_context or None, identifier=identifier
                )
            except StoreUnavailable as error:
                if not away:
                    logger.warning("A sensor waits for the store: %s", error.message)
                    away = True
                if give_up(_RETRY):
                    return False
            except (InvalidInput, NotFound) as error:
                refuse(f"Dropped an occurrence of {_name(dispatch.trigger)}: {error.message}")
                return True
            else:
                return True

    def _find(self, given: str | dict[str, Any]) -> Trigger:
        ref = given if isinstance(given, str) else self._ref_of(given)
        trigger = find_one(self._store, Trigger, Equal("ref", ref)) if isinstance(ref, str) else None
        if trigger is None:
            raise NotFound(
                "no such trigger: dispatch the reference of a trigger type that the metadata of the sensor declares, "
                "or of a trigger that a rule has made; then register the pack."
            )
        return trigger

    def _ref_of(self, given: dict[str, Any]) -> Any:
        """Reference of the trigger that a dictionary describes, as sensors get them: by `ref`, or by type and more."""
        if given.get("ref") or not isinstance(given.get("type"), str):
            return given.get("ref")
        definition = find_one(self._store, TriggerType, Equal("ref", given["type"]))
        if definition is None:
            return None
        return f"{definition.pack}.{trigger_name(definition, given.get('parameters') or {})}"


def _name(given: str | dict[str, Any]) -> str:
    return given if isinstance(given, str) else str(given.get("ref") or given.get("type"))
