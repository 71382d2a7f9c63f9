"""st2-rule-tester: tells whether a rule matches a trigger instance, and what its action would be told."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from st2lite.commands.place import config_of, make_parser
from st2lite.config.load import config_path
from st2lite.config.schema import Config
from st2lite.content.locations import DEFAULT_PACK
from st2lite.content.metadata import read_metadata
from st2lite.content.rules import make_rule
from st2lite.content.triggers import make_trigger
from st2lite.content.yaml_files import dump, load_map
from st2lite.models.action import Action, RunnerType
from st2lite.models.errors import ContentError, InvalidInput, NotFound, St2liteError
from st2lite.models.ids import is_id, new_id
from st2lite.models.rule import Rule
from st2lite.models.timestamps import now
from st2lite.models.trigger import TriggerInstance, TriggerType
from st2lite.reactor.rule_trial import Trial, Verdict
from st2lite.services.context import AppContext
from st2lite.storage.contract import Equal, Store, find_one

NAME = "st2-rule-tester"
_EPILOG = """\
A trigger instance in a file looks like this, or as "st2 trigger-instance get -j" shows it:

  trigger: core.st2.webhook
  payload:
    body: {name: web01}

When both are files the database is only asked for datastore items that the rule refers to; without the metadata of the
action its parameters are shown as the rule gives them. Nothing is ever written.

exit codes: 0 the rule matches, 1 it does not or its action cannot be requested, 2 wrong usage or a faulty file
"""


def main(argv: list[str] | None = None) -> int:
    options = _parser().parse_args(argv)
    try:
        context = AppContext(_config(options))
        try:
            rule = _rule(options, context)
            instance = _instance(options, context, rule)
            verdict = _trial(options, context).judge(rule, instance)
        finally:
            context.close()
    except St2liteError as error:
        print(f"{NAME}: {error.message}", file=sys.stderr)
        return 2
    return _report(rule, verdict)


def _parser() -> argparse.ArgumentParser:
    parser = make_parser(NAME, "Try a rule on a trigger instance.", _EPILOG)
    rule = parser.add_mutually_exclusive_group(required=True)
    rule.add_argument("--rule", metavar="FILE", type=Path, help="metadata of the rule")
    rule.add_argument("--rule-ref", metavar="REF", help="a registered rule")
    instance = parser.add_mutually_exclusive_group(required=True)
    instance.add_argument("--trigger-instance", metavar="FILE", type=Path, help="a file with trigger and payload")
    instance.add_argument("--trigger-instance-id", metavar="ID", help="a recorded trigger instance")
    return parser


def _config(options: argparse.Namespace) -> Config:
    """The configuration; the defaults where only files are looked at and there is no st2.conf."""
    anywhere = options.config_file is None and options.data_dir is None
    if _is_offline(options) and anywhere and not config_path(None).is_file():
        return Config()
    return config_of(options)


def _is_offline(options: argparse.Namespace) -> bool:
    return options.rule is not None and options.trigger_instance is not None


def _rule(options: argparse.Namespace, context: AppContext) -> Rule:
    if options.rule is not None:
        rule = read_metadata(options.rule, lambda content: make_rule(content, content.get("pack") or DEFAULT_PACK))
        definition = None if _is_offline(options) else _definition(context.store, rule.trigger["type"])
        if definition is not None:
            rule.trigger["ref"] = make_trigger(definition, rule.trigger["parameters"]).ref
        return rule
    registered = find_one(context.store, Rule, Equal("ref", options.rule_ref))
    if registered is None:
        raise NotFound(f'--rule-ref: there is no rule "{options.rule_ref}"; list them with: st2 rule list')
    return registered


def _definition(store: Store, ref: str) -> TriggerType | None:
    return find_one(store, TriggerType, Equal("ref", ref))


def _instance(options: argparse.Namespace, context: AppContext, rule: Rule) -> TriggerInstance:
    if options.trigger_instance is not None:
        return _instance_of(load_map(options.trigger_instance), options.trigger_instance, rule)
    identifier = options.trigger_instance_id
    instance = context.store.get(TriggerInstance, identifier) if is_id(identifier) else None
    if instance is None:
        raise NotFound(f'--trigger-instance-id: there is no trigger instance "{identifier}".')
    return instance


def _instance_of(content: dict[str, Any], path: Path, rule: Rule) -> TriggerInstance:
    trigger = content.get("trigger", rule.trigger["type"])
    if not isinstance(trigger, str):
        raise ContentError(f"{path}: trigger has to be the reference of a trigger, such as core.st2.webhook")
    if "payload" not in content:
        raise ContentError(f"{path}: payload has to be given; it is what templates see as trigger")
    moment = str(content.get("occurrence_time") or now())
    return TriggerInstance(
        id=new_id(), trigger=trigger, trigger_type=trigger, occurrence_time=moment, payload=content["payload"]
    )


def _trial(options: argparse.Namespace, context: AppContext) -> Trial:
    def find_action(ref: str) -> tuple[Action, RunnerType] | None:
        return None if _is_offline(options) else _registered(context.store, ref)

    user = context.config.system_user.user
    return Trial(context.store, context.keyring, context.pack_configs.resolve, user, find_action)


def _registered(store: Store, ref: str) -> tuple[Action, RunnerType]:
    action = find_one(store, Action, Equal("ref", ref))
    runner = find_one(store, RunnerType, Equal("name", action.runner_type)) if action else None
    if action is None or runner is None:
        raise InvalidInput(f'Action "{ref}" cannot be found: register its pack.')
    if not (action.enabled and runner.enabled):
        raise InvalidInput(f'Action "{ref}" is disabled, or its runner is.')
    return action, runner


def _report(rule: Rule, verdict: Verdict) -> int:
    if not verdict.matches:
        print(f"{rule.ref} does not match: {verdict.reason}")
        return 1
    print(f"{rule.ref} matches.{'' if rule.enabled else ' It is disabled.'}")
    if verdict.problem is not None:
        print(f"{rule.action['ref']} cannot be requested: {verdict.problem}")
        return 1
    print(f"{rule.action['ref']} is run with these parameters:")
    print(dump(verdict.parameters).removeprefix("---\n"), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
