"""Remove packs: what is registered of them, then their files. Configuration files stay, for a pack may come back."""

from __future__ import annotations

from collections.abc import Sequence

from st2lite.content.installation.host import PackHost, Registry, check_changeable
from st2lite.content.installation.programs import Say
from st2lite.content.installation.swapping import remove
from st2lite.content.triggers import Triggers
from st2lite.models.action import Action
from st2lite.models.alias import ActionAlias
from st2lite.models.document import Document
from st2lite.models.errors import InvalidInput
from st2lite.models.pack import ConfigSchema, Pack, PackConfig, Registration
from st2lite.models.policy import Policy
from st2lite.models.rule import Rule
from st2lite.models.sensor import SensorType
from st2lite.models.trigger import Trigger, TriggerType
from st2lite.storage.contract import Equal, Store
from st2lite.storage.lookups import list_now

# In the order of removal: what starts things goes before what they need.
_KINDS: dict[str, type[Document]] = {
    "rules": Rule,
    "sensors": SensorType,
    "aliases": ActionAlias,
    "policies": Policy,
    "actions": Action,
    "triggers": TriggerType,
}


def unload(store: Store, triggers: Triggers, pack: str) -> dict[str, int]:
    """Remove all that is registered of a pack and return how many documents of each kind there were.

    Rules of other packs stay, also those that listen to its triggers: they match again when the pack comes back.
    Harmless to repeat; raises `InvalidInput` for a system pack.
    """
    check_changeable(pack)
    counts = {}
    for name, kind in _KINDS.items():
        documents = list_now(store, kind, [Equal("pack", pack)])
        for document in documents:
            store.delete(kind, document.id)
            if isinstance(document, Rule):
                triggers.release(str(document.trigger.get("ref")))
            elif isinstance(document, TriggerType):
                _drop_triggers(store, document)
        counts[name] = len(documents)
    for single in (PackConfig, ConfigSchema):
        store.delete(single, pack)
    store.delete(Registration, f"pack:{pack}")
    counts["packs"] = store.delete_many(Pack, [Equal("ref", pack)])
    return counts


def _drop_triggers(store: Store, kind: TriggerType) -> None:
    for trigger in list_now(store, Trigger, [Equal("type", kind.ref)]):
        if not store.count(Rule, [Equal("trigger", trigger.ref)]):
            store.delete(Trigger, trigger.id)


class Remover:
    """Removes packs from a host."""

    def __init__(self, host: PackHost, registry: Registry, say: Say) -> None:
        self._host = host
        self._registry = registry
        self._say = say

    def uninstall(self, packs: Sequence[str]) -> list[str]:
        """Unload packs and delete their directories and virtualenvs; raise `InvalidInput`, and then nothing is done."""
        self._check(packs)
        for pack in packs:
            with self._host.lock(pack):
                counts = self._registry.unload(pack)
                directory = self._host.packs_dir / pack
                if not (sum(counts.values()) or directory.exists()):
                    raise InvalidInput(f'Pack "{pack}" is not installed.')
                self._delete(pack)
                self._say(f'Pack "{pack}" is removed.')
        return list(packs)

    def delete(self, packs: Sequence[str], virtualenvs: bool = True) -> list[str]:
        """Delete directories of packs, and perhaps their virtualenvs; what is registered stays."""
        self._check(packs)
        for pack in packs:
            with self._host.lock(pack):
                self._delete(pack, virtualenvs)
        return list(packs)

    def _check(self, packs: Sequence[str]) -> None:
        if not packs:
            raise InvalidInput("packs: name at least one pack.")
        for pack in packs:
            check_changeable(pack)
            found = self._host.locations.pack_dir(pack)
            if found is not None and found.parent != self._host.packs_dir.absolute():
                raise InvalidInput(
                    f'Pack "{pack}" lies in {found}, where packs are not installed to: remove that directory '
                    f"yourself, then what is registered of it (action packs.unload)."
                )

    def _delete(self, pack: str, virtualenvs: bool = True) -> None:
        remove(self._host.packs_dir / pack)
        if virtualenvs:
            self._host.virtualenvs.remove(pack)
