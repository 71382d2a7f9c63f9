"""Register content: bring the store in line with the files of packs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from st2lite.content.fingerprints import pack_fingerprint, runners_fingerprint, triggers_fingerprint
from st2lite.content.internal_triggers import read_internal_triggers
from st2lite.content.ledger import Ledger
from st2lite.content.locations import PackLocations
from st2lite.content.packs import MANIFEST, has_manifest
from st2lite.content.round import Round
from st2lite.content.runner_types import read_runner_types
from st2lite.content.steps import STEPS, register_pack
from st2lite.content.trigger_types import store_trigger_types
from st2lite.content.triggers import Triggers
from st2lite.content.upsert import upsert
from st2lite.models.action import RunnerType
from st2lite.models.errors import InvalidInput
from st2lite.models.policy import POLICY_TYPES
from st2lite.models.rule import RULE_TYPES
from st2lite.storage.contract import Store

logger = logging.getLogger(__name__)

KINDS = ("runners", "rule_types", "policy_types", *STEPS)
"""All kinds of content, in the order of registration."""
_SINGULAR = {"alias": "aliases", "policy": "policies", **{kind.removesuffix("s"): kind for kind in KINDS}}
_IMPLIED = {"actions": "runners", "rules": "rule_types", "policies": "policy_types"}
_CONSTANT = {"rule_types": len(RULE_TYPES), "policy_types": len(POLICY_TYPES)}
_NEED_TRIGGERS = frozenset({"triggers", "sensors", "rules"})


@dataclass
class _Due:
    """A pack that is to be registered in this round."""

    name: str
    directory: Path
    fingerprint: str
    faulty: bool
    counts: dict[str, int] = field(default_factory=dict)


class Registrar:
    """Registers runner types, the trigger types of the product, and packs.

    `triggers` makes the triggers of rules. `coordinated` is whether services can agree on locks: policies that need
    that are refused otherwise.
    """

    def __init__(
        self, store: Store, locations: PackLocations, triggers: Triggers | None = None, coordinated: bool = True
    ) -> None:
        self._store = store
        self._locations = locations
        self._triggers = triggers or Triggers(store)
        self._coordinated = coordinated

    def register(
        self,
        types: Sequence[str] | None = None,
        packs: Sequence[str] | None = None,
        fail_on_failure: bool = True,
        changed_only: bool = False,
    ) -> dict[str, int]:
        """Register content and return how many objects of each kind the files hold.

        `types` are kinds of content, singular or plural (None or `all`: every kind), `packs` names of packs (None: all
        packs on disk). A faulty file raises `ContentError`, or is logged and left out. With `changed_only` files that
        look as they did when they were last registered are not even read.
        """
        kinds = wanted_kinds(types)
        directories = self._pack_dirs(packs)
        work = Round(self._store, self._locations, self._triggers, self._coordinated, fail_on_failure)
        ledger = Ledger(self._store, changed_only)
        found = [_CONSTANT]
        if "runners" in kinds:
            found.append(self._of_product(ledger, "runners", runners_fingerprint(), self._runner_types))
        if kinds & _NEED_TRIGGERS:
            found.append(self._of_product(ledger, "triggers", triggers_fingerprint(), self._trigger_types))
        if kinds & STEPS.keys():
            found += self._packs(work, ledger, kinds, directories)
        counts = dict.fromkeys((kind for kind in KINDS if kind in kinds), 0)
        for some in found:
            for kind, count in some.items():
                if kind.partition("(")[0] in kinds:
                    counts[kind] = counts.get(kind, 0) + count
        return counts

    def _of_product(
        self, ledger: Ledger, source: str, fingerprint: str, register: Callable[[], dict[str, int]]
    ) -> dict[str, int]:
        known = ledger.counts(source, fingerprint)
        if known is not None:
            return known
        counts = register()
        ledger.note(source, fingerprint, counts)
        return counts

    def _runner_types(self) -> dict[str, int]:
        found = read_runner_types()
        upsert(self._store, RunnerType, found, lambda runner: runner.name, keep=_keep_enabled)
        return {"runners": len(found)}

    def _trigger_types(self) -> dict[str, int]:
        found = read_internal_triggers()
        store_trigger_types(self._store, found)
        return {"triggers": len(found)}

    def _packs(
        self, work: Round, ledger: Ledger, kinds: frozenset[str], directories: dict[str, Path]
    ) -> list[dict[str, int]]:
        """Register packs, kind by kind: a rule may listen for a trigger that another pack declares."""
        product = (runners_fingerprint(), triggers_fingerprint())
        found, due = [], []
        for name, directory in directories.items():
            fingerprint = work.read(lambda path=directory: pack_fingerprint(path, self._locations, product))  # type: ignore[misc]
            known = ledger.counts(f"pack:{name}", fingerprint) if fingerprint else {}
            if known is not None:
                found.append(known)
                continue
            before = work.faults
            if register_pack(work, directory, name):
                due.append(_Due(name, directory, fingerprint or "", work.faults > before))
        for kind, step in STEPS.items():
            for pack in due if kind in kinds else ():
                before = work.faults
                pack.counts |= step(work, pack.directory, pack.name)
                pack.faulty = pack.faulty or work.faults > before
        for pack in due:
            found.append(pack.counts)
            if kinds >= STEPS.keys() and not pack.faulty:
                ledger.note(f"pack:{pack.name}", pack.fingerprint, pack.counts)
        return found

    def _pack_dirs(self, packs: Sequence[str] | None) -> dict[str, Path]:
        if packs is None:
            found = self._locations.all_packs()
            for name in [name for name, path in found.items() if not has_manifest(path)]:
                logger.warning("%s is not a pack, since it has no %s: left out", found.pop(name), MANIFEST)
            return found
        chosen = {}
        for name in packs:
            path = self._locations.pack_dir(name)
            if path is None:
                roots = ", ".join(map(str, self._locations.roots))
                raise InvalidInput(f'Pack "{name}" not found on disk: there is no directory of that name in {roots}.')
            chosen[name] = path
        return chosen


def wanted_kinds(types: Sequence[str] | None) -> frozenset[str]:
    """The kinds of content that names stand for, and what those need; raise `InvalidInput` for an unknown name."""
    if not types or "all" in types:
        return frozenset(KINDS)
    kinds = set()
    for name in types:
        kind = name if name in KINDS else _SINGULAR.get(name)
        if kind is None:
            raise InvalidInput(f'types: "{name}" is no kind of content; use all or some of {", ".join(KINDS)}.')
        kinds.add(kind)
    return frozenset(kinds | {_IMPLIED[kind] for kind in kinds if kind in _IMPLIED})


def _keep_enabled(runner: RunnerType, stored: RunnerType) -> None:
    """A runner type that an operator has disabled stays so."""
    runner.enabled = stored.enabled
