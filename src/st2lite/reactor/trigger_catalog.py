"""Trigger types and triggers made, changed and removed through the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from st2lite.content.locations import DEFAULT_PACK
from st2lite.content.packs import given_pack, refuse_protected
from st2lite.content.trigger_types import make_trigger_type
from st2lite.content.triggers import Triggers, make_trigger
from st2lite.models.errors import Conflict, StaleWrite
from st2lite.models.trigger import Trigger, TriggerType
from st2lite.storage.contract import Store
from st2lite.storage.lookups import find_now, get_by_id, get_named


class TriggerCatalog:
    """What can happen, and what is listened for. Safe when several processes use it at once."""

    def __init__(self, store: Store, triggers: Triggers) -> None:
        self._store = store
        self._triggers = triggers

    def get_type(self, ref_or_id: str) -> TriggerType:
        """Return a trigger type by reference or by id; raise `NotFound`."""
        return get_named(self._store, TriggerType, ref_or_id, what="TriggerType with a reference or id")

    def create_type(self, content: Mapping[str, Any]) -> TriggerType:
        """Make a trigger type; one without parameters comes with its trigger. Raise `Conflict` if there is one."""
        definition = _read_type(content, given_pack(content, DEFAULT_PACK))
        existing = find_now(self._store, TriggerType, "ref", definition.ref)
        if existing:
            raise Conflict(f'TriggerType "{definition.ref}" exists already.', existing.id)
        self._store.insert(definition)
        self._keep_shadow(definition)
        return definition

    def update_type(self, definition: TriggerType, content: Mapping[str, Any]) -> TriggerType:
        """Give a trigger type new metadata; its id stays. Raise `Conflict` if somebody else has just changed it."""
        refuse_protected(definition.pack)
        changed = _read_type({"name": definition.name, **content}, given_pack(content, definition.pack))
        changed.id, changed.rev = definition.id, definition.rev
        changed.metadata_file = changed.metadata_file or definition.metadata_file
        self._replace(changed)
        if changed.ref != definition.ref:
            self._drop_shadow(definition)
        self._keep_shadow(changed)
        return changed

    def delete_type(self, definition: TriggerType) -> None:
        """Remove a trigger type, and the trigger that stands for it. Rules that name it stay, and match nothing."""
        refuse_protected(definition.pack)
        self._store.delete(TriggerType, definition.id)
        self._drop_shadow(definition)

    def get(self, identifier: str) -> Trigger:
        """Return a trigger by id; raise `NotFound`."""
        return get_by_id(self._store, Trigger, identifier)

    def create(self, type_ref: str, parameters: Mapping[str, Any], pack: str | None, name: str | None) -> Trigger:
        """Return the trigger of a type with these parameters, made if there is none; raise `InvalidInput`.

        A name and a pack of its own are for a trigger without parameters: the name of any other is derived from them.
        """
        trigger = self._triggers.for_anybody(type_ref, parameters)
        if parameters or name in (None, "", trigger.name):
            return trigger
        named = Trigger(name=name or "", pack=pack or trigger.pack, type=type_ref, description=trigger.description)
        return self._triggers.keep(named)

    def update(
        self, trigger: Trigger, type_ref: str, parameters: Mapping[str, Any], description: str | None
    ) -> Trigger:
        """Change what a trigger is of; its id and reference stay, for rules name them."""
        self._triggers.check(type_ref, parameters)
        trigger.type, trigger.parameters = type_ref, dict(parameters)
        trigger.description = trigger.description if description is None else description
        self._replace(trigger)
        return trigger

    def delete(self, trigger: Trigger) -> None:
        """Remove a trigger. Rules that name it stay, and match nothing until they are stored again."""
        self._store.delete(Trigger, trigger.id)

    def _replace(self, document: TriggerType | Trigger) -> None:
        try:
            self._store.replace(document)
        except StaleWrite:
            raise Conflict(f'"{document.ref}" was changed by somebody else meanwhile; try again.') from None

    def _keep_shadow(self, definition: TriggerType) -> None:
        if not definition.parameters_schema:
            self._triggers.keep(make_trigger(definition, {}))

    def _drop_shadow(self, definition: TriggerType) -> None:
        shadow = find_now(self._store, Trigger, "ref", definition.ref)
        if shadow is not None and shadow.is_shadow:
            self._store.delete(Trigger, shadow.id)


def _read_type(content: Mapping[str, Any], pack: str) -> TriggerType:
    refuse_protected(pack)
    return make_trigger_type({**content, "pack": pack}, pack)
