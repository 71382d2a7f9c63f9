"""Register content: bring the store in line with the files of packs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TypeVar

from st2lite.content.actions import action_files, read_action
from st2lite.content.configs import read_config, read_config_schema
from st2lite.content.fingerprints import pack_fingerprint, runners_fingerprint
from st2lite.content.locations import PackLocations
from st2lite.content.overrides import Overrides
from st2lite.content.packs import MANIFEST, has_manifest, read_pack
from st2lite.content.runner_types import read_runner_types
from st2lite.content.upsert import upsert
from st2lite.models.action import Action, RunnerType
from st2lite.models.errors import ContentError, InvalidInput
from st2lite.models.pack import ConfigSchema, Pack, PackConfig, Registration
from st2lite.storage.contract import Equal, Store

logger = logging.getLogger(__name__)

T = TypeVar("T")

KINDS = (
    *("runners", "rule_types", "policy_types", "triggers", "sensors"),
    *("actions", "rules", "aliases", "policies", "configs"),
)
"""All kinds of content, in the order of registration."""
_SINGULAR = {"alias": "aliases", "policy": "policies", **{kind.removesuffix("s"): kind for kind in KINDS}}
_IMPLIED = {"actions": "runners", "rules": "rule_types", "policies": "policy_types"}
_OF_PRODUCT = frozenset({"runners", "rule_types", "policy_types"})


class Registrar:
    """Registers runner types and packs."""

    def __init__(self, store: Store, locations: PackLocations) -> None:
        self._store = store
        self._locations = locations

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
        work = _Registration(self._store, self._locations, kinds, fail_on_failure, changed_only)
        if "runners" in kinds:
            work.add_runners()
        if kinds - _OF_PRODUCT:
            for name, directory in directories.items():
                work.add_pack(name, directory)
        return work.counts

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


class _Registration:
    """One round of registering; adds up `counts`."""

    def __init__(
        self, store: Store, locations: PackLocations, kinds: frozenset[str], fail: bool, changed_only: bool
    ) -> None:
        self.counts = dict.fromkeys((kind for kind in KINDS if kind in kinds), 0)
        self._store = store
        self._locations = locations
        self._kinds = kinds
        self._fail = fail
        self._changed_only = changed_only
        self._faults = 0
        self._complete = kinds >= frozenset(KINDS) - _OF_PRODUCT
        self._known = {known.id: known for known in store.find(Registration)}
        self._runners_print = runners_fingerprint()

    def add_runners(self) -> None:
        """Register the runner types that come with the product."""
        self._if_changed("runners", self._runners_print, self._runner_types)

    def add_pack(self, name: str, directory: Path) -> None:
        """Register a pack with all that is wanted of it."""
        try:
            fingerprint = pack_fingerprint(directory, self._locations, self._runners_print)
        except OSError as error:
            self._give_up(_unreadable(error))
            return
        self._if_changed(f"pack:{name}", fingerprint, lambda: self._pack(name, directory))

    def _if_changed(self, source: str, fingerprint: str, register: Callable[[], dict[str, int]]) -> None:
        known = self._known.get(source)
        if self._changed_only and known and known.fingerprint == fingerprint:
            found = known.counts
        else:
            faults = self._faults
            found = register()
            if self._faults == faults and (self._complete or source == "runners"):
                done = Registration(id=source, fingerprint=fingerprint, counts=found)
                upsert(self._store, Registration, [done], lambda r: r.id, [Equal("id", source)])
        for kind, count in found.items():
            if kind.partition("(")[0] in self._kinds:
                self.counts[kind] = self.counts.get(kind, 0) + count

    def _runner_types(self) -> dict[str, int]:
        found = read_runner_types()
        upsert(self._store, RunnerType, found, lambda runner: runner.name, keep=_keep_enabled)
        return {"runners": len(found)}

    def _pack(self, name: str, directory: Path) -> dict[str, int]:
        pack = self._read(lambda: read_pack(directory))
        if pack is None:
            return {}
        if pack.ref != name:
            self._give_up(
                ContentError(f'{directory}: the reference of this pack is "{pack.ref}"; name its directory so')
            )
            return {}
        upsert(self._store, Pack, [pack], lambda p: p.ref, [Equal("ref", name)])
        schema = self._read(lambda: read_config_schema(directory, name))
        if schema:
            upsert(self._store, ConfigSchema, [schema], lambda s: s.id, [Equal("id", name)])
        counts: dict[str, int] = {}
        if "actions" in self._kinds:
            counts |= self._actions(directory, name)
        path = self._locations.config_file(name)
        if "configs" in self._kinds and path and path.is_file():
            config = self._read(lambda: read_config(path, name, schema))
            if config:
                upsert(self._store, PackConfig, [config], lambda c: c.id, [Equal("id", name)])
                counts["configs"] = 1
        return counts

    def _actions(self, directory: Path, pack: str) -> dict[str, int]:
        overrides = self._read(lambda: Overrides(self._locations.overrides, pack)) or Overrides(None, pack)
        actions: dict[str, Action] = {}
        overridden = 0
        for path in self._read(lambda: action_files(directory)) or []:
            action = self._read(partial(read_action, path, pack, self._runners))
            if action is None:
                continue
            if action.name in actions:
                other = actions[action.name].metadata_file
                self._give_up(ContentError(f'{path}: action "{action.ref}" is described in {other} already'))
                continue
            enabled = overrides.enabled("actions", action.name, action.enabled)
            overridden += enabled is not action.enabled
            action.enabled = enabled
            actions[action.name] = action
        upsert(self._store, Action, list(actions.values()), lambda action: action.name, [Equal("pack", pack)])
        return {"actions": len(actions), "actions(overridden)": overridden}

    def _read(self, read: Callable[[], T]) -> T | None:
        """What `read` returns; None if its file is faulty or not ours to read, and that shall not stop the rest."""
        try:
            return read()
        except ContentError as error:
            self._give_up(error)
        except OSError as error:
            self._give_up(_unreadable(error))
        return None

    def _give_up(self, error: ContentError) -> None:
        if self._fail:
            raise error
        self._faults += 1
        logger.error("Not registered: %s", error.message)

    @cached_property
    def _runners(self) -> dict[str, RunnerType]:
        return {runner.name: runner for runner in self._store.find(RunnerType)}


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


def _unreadable(error: OSError) -> ContentError:
    return ContentError(f"{error.filename}: cannot be read: {error.strerror}")


def _keep_enabled(runner: RunnerType, stored: RunnerType) -> None:
    """A runner type that an operator has disabled stays so."""
    runner.enabled = stored.enabled
