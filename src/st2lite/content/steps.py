"""The steps of registering a pack, one per kind of content; each returns how many objects the files hold.

A step is called with the round, the directory of the pack and its reference. What is equal is not written again, ids
stay, and what disappeared from disk stays registered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from st2lite.content.actions import action_files, read_action
from st2lite.content.aliases import make_alias, name_is_taken, same_name
from st2lite.content.configs import read_config, read_config_schema
from st2lite.content.metadata import metadata_files, metadata_path, read_metadata
from st2lite.content.packs import read_pack
from st2lite.content.policies import make_policy
from st2lite.content.round import Round
from st2lite.content.rules import listen, make_rule
from st2lite.content.sensors import read_sensor
from st2lite.content.trigger_types import read_trigger_type, store_trigger_types
from st2lite.content.upsert import upsert
from st2lite.models.action import Action
from st2lite.models.alias import ActionAlias
from st2lite.models.errors import ContentError
from st2lite.models.pack import ConfigSchema, Pack, PackConfig
from st2lite.models.policy import Policy
from st2lite.models.rule import Rule
from st2lite.models.sensor import SensorType
from st2lite.models.trigger import TriggerType
from st2lite.storage.contract import Equal

Counts = dict[str, int]
Step = Callable[[Round, Path, str], Counts]

_OWN_FILE = "triggers/"
"""Where the metadata of a trigger type lies that has a file of its own."""


def register_pack(work: Round, directory: Path, pack: str) -> bool:
    """Register what the pack says of itself, and the schema of its configuration; False if it is no pack."""
    manifest = work.read(lambda: read_pack(directory))
    if manifest is None:
        return False
    if manifest.ref != pack:
        text = f'{directory}: the reference of this pack is "{manifest.ref}"; name its directory so'
        work.give_up(ContentError(text))
        return False
    upsert(work.store, Pack, [manifest], lambda p: p.ref, [Equal("ref", pack)])
    schema = work.read(lambda: read_config_schema(directory, pack))
    if schema:
        upsert(work.store, ConfigSchema, [schema], lambda s: s.id, [Equal("id", pack)])
    return True


def register_triggers(work: Round, directory: Path, pack: str) -> Counts:
    found = work.read_all(partial(metadata_files, directory, "triggers"), lambda path: read_trigger_type(path, pack))
    store_trigger_types(work.store, [definition for _, definition in found])
    return {"triggers": len(found)}


def register_sensors(work: Round, directory: Path, pack: str) -> Counts:
    """Also registers the trigger types that the sensors declare, unless those have files of their own."""
    declared: dict[Path, list[TriggerType]] = {}

    def read(path: Path) -> SensorType:
        sensor, declared[path] = read_sensor(path, pack)
        return sensor

    found = work.read_all(partial(metadata_files, directory, "sensors"), read)
    if not found:
        return {"sensors": 0, "sensors(overridden)": 0}
    known = work.store.find(TriggerType, [Equal("pack", pack)])
    described = {definition.name for definition in known if definition.metadata_file.startswith(_OWN_FILE)}
    wanted = {definition.name: definition for path, _ in found for definition in declared[path]}
    store_trigger_types(work.store, [wanted[name] for name in wanted if name not in described])
    sensors = [sensor for _, sensor in found]
    overridden = work.override("sensors", pack, sensors)
    upsert(work.store, SensorType, sensors, lambda sensor: sensor.name, [Equal("pack", pack)])
    return {"sensors": len(sensors), "sensors(overridden)": overridden}


def register_actions(work: Round, directory: Path, pack: str) -> Counts:
    found = work.read_all(partial(action_files, directory), lambda path: read_action(path, pack, work.runners))
    actions = [action for _, action in found]
    overridden = work.override("actions", pack, actions)
    upsert(work.store, Action, actions, lambda action: action.name, [Equal("pack", pack)])
    return {"actions": len(actions), "actions(overridden)": overridden}


def register_rules(work: Round, directory: Path, pack: str) -> Counts:
    """Also makes the triggers that the rules listen for, and removes those that no rule listens for any more."""

    def make(content: dict[str, Any]) -> Rule:
        rule = make_rule(content, pack)
        work.triggers.check(rule.trigger["type"], rule.trigger["parameters"])
        return rule

    def read(path: Path) -> Rule:
        rule = read_metadata(path, make)
        rule.metadata_file = metadata_path(path)
        return rule

    rules = [rule for _, rule in work.read_all(partial(metadata_files, directory, "rules"), read)]
    for rule in rules:  # only now: a faulty rule must not leave the triggers of others without a rule
        listen(rule, work.triggers)
    overridden = work.override("rules", pack, rules)
    left = set()

    def keep(rule: Rule, stored: Rule) -> None:
        rule.context = rule.context or stored.context
        if stored.trigger.get("ref") not in (None, rule.trigger["ref"]):
            left.add(stored.trigger["ref"])

    upsert(work.store, Rule, rules, lambda rule: rule.name, [Equal("pack", pack)], keep)
    for ref in left:
        work.triggers.release(ref)
    return {"rules": len(rules), "rules(overridden)": overridden}


def register_aliases(work: Round, directory: Path, pack: str) -> Counts:
    def read(path: Path) -> ActionAlias:
        alias = read_metadata(path, lambda content: make_alias(content, pack))
        alias.metadata_file = metadata_path(path)
        return alias

    found = work.read_all(partial(metadata_files, directory, "aliases"), read)
    aliases = _without_taken_names(work, pack, found)
    overridden = work.override("aliases", pack, aliases)
    upsert(work.store, ActionAlias, aliases, lambda alias: alias.name, [Equal("pack", pack)])
    return {"aliases": len(aliases), "aliases(overridden)": overridden}


def register_policies(work: Round, directory: Path, pack: str) -> Counts:
    def read(path: Path) -> Policy:
        policy = read_metadata(path, lambda content: make_policy(content, pack, work.coordinated))
        policy.metadata_file = metadata_path(path)
        return policy

    found = work.read_all(partial(metadata_files, directory, "policies"), read)
    upsert(work.store, Policy, [policy for _, policy in found], lambda policy: policy.name, [Equal("pack", pack)])
    return {"policies": len(found)}


def register_config(work: Round, _directory: Path, pack: str) -> Counts:
    """Register the values that the operator gave, checked against the registered schema."""
    path = work.locations.config_file(pack)
    if path is None or not path.is_file():
        return {"configs": 0}
    config = work.read(lambda: read_config(path, pack, work.store.get(ConfigSchema, pack)))
    if config is None:
        return {"configs": 0}
    upsert(work.store, PackConfig, [config], lambda c: c.id, [Equal("id", pack)])
    return {"configs": 1}


STEPS: dict[str, Step] = {
    "triggers": register_triggers,
    "sensors": register_sensors,
    "actions": register_actions,
    "rules": register_rules,
    "aliases": register_aliases,
    "policies": register_policies,
    "configs": register_config,
}
"""By kind, in the order in which they have to be done."""


def _without_taken_names(work: Round, pack: str, found: Sequence[tuple[Path, ActionAlias]]) -> list[ActionAlias]:
    """Aliases but those that have the name of another pack's."""
    taken = same_name(work.store, [alias.name for _, alias in found], pack)
    for path, alias in found:
        if alias.name in taken:
            work.give_up(ContentError(f"{path}: {name_is_taken(alias, taken[alias.name])}"))
    return [alias for _, alias in found if alias.name not in taken]
