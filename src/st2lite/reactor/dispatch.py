"""Dispatching triggers: what happened is stored, then handed to the rules engine.

Whoever emits a trigger does it here: webhooks, timers, sensors, the notifier, the datastore, the API. An instance is
accepted once it is stored; the message is a hint, and one that is lost is sent again by the rules engine.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import msgspec

from st2lite.messaging.contract import Bus
from st2lite.messaging.messages import TriggerOccurred
from st2lite.models import timestamps
from st2lite.models.errors import BusUnavailable, Conflict, InvalidInput, NotFound
from st2lite.models.ids import new_id
from st2lite.models.nesting import MOST_LEVELS, is_deeper, may_be_deeper
from st2lite.models.pack import CORE_PACK
from st2lite.models.schemas import document_problems
from st2lite.models.trigger import Trigger, TriggerInstance, TriggerType
from st2lite.storage.contract import Equal, Store, find_one

logger = logging.getLogger(__name__)

LARGEST_PAYLOAD = 14 * 1024 * 1024
"""Bytes of JSON; a MongoDB document holds 16 MiB."""

DEEPEST_PAYLOAD = MOST_LEVELS + 10
"""Levels: what came from outside, and what it is wrapped in."""


class Dispatcher:
    """Emits triggers. `validate` is whether payloads of types that are not the product's own are checked, too.

    Safe to use from many threads.
    """

    def __init__(self, store: Store, bus: Bus, validate: bool = True) -> None:
        self._store = store
        self._bus = bus
        self._validate = validate

    def dispatch_type(
        self,
        type_ref: str,
        payload: Any,
        trace_context: dict[str, Any] | None = None,
        caused_by: dict[str, str] | None = None,
        identifier: str | None = None,
    ) -> TriggerInstance:
        """Emit the trigger that stands for a type without parameters; raise `NotFound` for an unknown type.

        Raises `InvalidInput` for a payload that violates the type's schema. See `dispatch` for the rest.
        """
        trigger = find_one(self._store, Trigger, Equal("ref", type_ref))
        if trigger is None:
            raise NotFound(f'Trigger "{type_ref}" is not known: register the pack that declares it.')
        return self.dispatch([trigger], payload, trace_context, caused_by, identifier)[0]

    def dispatch(
        self,
        triggers: Sequence[Trigger],
        payload: Any,
        trace_context: dict[str, Any] | None = None,
        caused_by: dict[str, str] | None = None,
        identifier: str | None = None,
    ) -> list[TriggerInstance]:
        """Emit triggers of one type, an instance for each; they are stored durably when this returns.

        `trace_context` is `{"id_", "trace_tag"}` to join a trace, or `{"trace_tag"}` to begin one, which the first of
        several instances does for all of them. With an `identifier` (one trigger only, see `derived_id`) an occurrence
        that was stored before is not stored or sent again.
        Raises `InvalidInput` for a payload that violates the schema of the type, or is too large or nested too deep.
        """
        self.check(triggers[0].type, payload)
        return self._emit(triggers, payload, trace_context, caused_by, identifier)

    def repeat(self, instance: TriggerInstance) -> TriggerInstance:
        """Emit once more what has happened before, and return the new instance: its payload names the original.

        It begins a trace of its own. A payload that is no object is repeated as it is. Raises `InvalidInput` if the
        trigger is gone.
        """
        payload = instance.payload
        if isinstance(payload, dict):
            payload = {**payload, "__context": {"original_id": instance.id}}
        trigger = find_one(self._store, Trigger, Equal("ref", instance.trigger))
        if trigger is None:
            raise InvalidInput(f'Trigger "{instance.trigger}" is gone: no rule listens for it any more.')
        return self._emit([trigger], payload)[0]

    def announce(self, instance: TriggerInstance) -> bool:
        """Tell the rules engine of a stored instance. False: the broker did not take it; the engine will find it."""
        try:
            self._bus.publish(TriggerOccurred(instance))
        except BusUnavailable as error:
            logger.warning("Trigger instance %s is not announced yet: %s", instance.id, error.message)
            return False
        return True

    def check(self, type_ref: str, payload: Any) -> None:
        """Raise `InvalidInput` for a payload that a trigger type does not allow, or that is too large or too deep."""
        if payload:
            _check_payload(payload)
        if not (self._validate or type_ref.startswith(f"{CORE_PACK}.")):
            return
        definition = find_one(self._store, TriggerType, Equal("ref", type_ref))
        if definition is not None and definition.payload_schema:
            problems = document_problems(payload, definition.payload_schema, "payload")
            if problems:
                raise InvalidInput("; ".join(problems))

    def _emit(
        self,
        triggers: Sequence[Trigger],
        payload: Any,
        trace_context: dict[str, Any] | None = None,
        caused_by: dict[str, str] | None = None,
        identifier: str | None = None,
    ) -> list[TriggerInstance]:
        moment = timestamps.now()
        instances = [
            TriggerInstance(
                id=identifier or new_id(),
                trigger=trigger.ref,
                trigger_type=trigger.type,
                occurrence_time=moment,
                payload=payload,
                trace_context=trace_context or {},
                caused_by=caused_by or {},
            )
            for trigger in triggers
        ]
        if trace_context and not trace_context.get("id_"):
            begun = {**trace_context, "id_": instances[0].id}
            for instance in instances:
                instance.trace_context = begun
        try:
            if len(instances) == 1:
                self._store.insert(instances[0])
            else:
                self._store.insert_many(instances)
        except Conflict:
            if identifier is None:
                raise
            return instances
        for instance in instances:
            self.announce(instance)
        return instances


def _check_payload(payload: Any) -> None:
    try:
        encoded = msgspec.json.encode(payload)
    except RecursionError:
        raise _too_deep() from None
    if len(encoded) > LARGEST_PAYLOAD:
        raise InvalidInput(f"payload: the most that is kept is {LARGEST_PAYLOAD} bytes of JSON; send a reference.")
    if may_be_deeper(encoded, DEEPEST_PAYLOAD) and is_deeper(payload, DEEPEST_PAYLOAD):
        raise _too_deep()


def _too_deep() -> InvalidInput:
    return InvalidInput(f"payload: it is nested more than {DEEPEST_PAYLOAD} levels deep; flatten it.")
