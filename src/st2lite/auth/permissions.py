"""Permissions that roles can grant, by the type of the resource that they are granted on."""

from __future__ import annotations

_VERBS = {
    "list": "List all {many}.",
    "view": "Look at {one}.",
    "create": "Make new {many}.",
    "modify": "Change {one}; includes looking at it.",
    "delete": "Remove {one}; includes looking at it.",
    "execute": "Run {one}; includes looking at it.",
    "rerun": "Run the action of {one} again; includes looking at it.",
    "stop": "Cancel {one}; includes looking at it.",
    "set": "Write {one}.",
    "send": "Post to {one}.",
    "respond": "Answer {one}; includes looking at it.",
    "install": "Install {many}.",
    "uninstall": "Remove {many} from the host.",
    "register": "Bring the database in line with the files of {many}.",
    "config": "Look at the configuration of {one}, and change it.",
    "search": "Search the index of {many}.",
    "views_index_health": "Look at the state of the index of {many}.",
    "all": "Do everything that can be done with {one}.",
}
_WRITE = "list view create modify delete all"
_READ = "list view all"
_RESOURCES = {
    "runner_type": ("a runner type", "runner types", "list view modify all"),
    "pack": ("a pack", "packs", f"{_WRITE} install uninstall register config search views_index_health"),
    "sensor_type": ("a sensor", "sensors", "list view modify all"),
    "action": ("an action", "actions", f"{_WRITE} execute"),
    "action_alias": ("an alias", "aliases", _WRITE),
    "rule": ("a rule", "rules", _WRITE),
    "rule_enforcement": ("an enforcement", "enforcements", "list view"),
    "execution": ("an execution", "executions", "list view rerun stop all"),
    "key_value_pair": ("an item of the datastore", "items of the datastore", "list view set delete all"),
    "webhook": ("a webhook", "webhooks", "list view create send delete all"),
    "timer": ("a timer", "timers", _READ),
    "api_key": ("an API key", "API keys", _WRITE),
    "trace": ("a trace", "traces", _READ),
    "trigger": ("a trigger", "triggers", _READ),
    "policy_type": ("a policy type", "policy types", _READ),
    "policy": ("a policy", "policies", _WRITE),
    "stream": ("the stream of events", "streams", "view"),
    "inquiry": ("an inquiry", "inquiries", "list view respond all"),
}
_CONTENT_OF_PACKS = ("sensor_type", "action", "action_alias", "rule")
"""Of these, all but listing can be granted on a pack, for everything in it."""


def permission_types() -> dict[str, dict[str, str]]:
    """Map each type of resource to the permissions that can be granted on one, and those to what they allow."""
    types = {kind: _of(kind) for kind in _RESOURCES}
    for kind in _CONTENT_OF_PACKS:
        types["pack"] |= {name: text for name, text in _of(kind).items() if name != f"{kind}_list"}
    return types


def _of(kind: str) -> dict[str, str]:
    one, many, verbs = _RESOURCES[kind]
    return {f"{kind}_{verb}": _VERBS[verb].format(one=one, many=many) for verb in verbs.split()}
