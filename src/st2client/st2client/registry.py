"""The names of all commands. Dispatch, help and completion read this table, so none loads a command it does not run.

Commands of a group live in the module ``st2client.commands.<group>`` (dashes become underscores), in its dictionary
``COMMANDS``. Commands that stand alone are found in the module named beside them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from st2client.commands.base import Command


class Single(NamedTuple):
    """A command that stands alone."""

    module: str
    help: str


class Group(NamedTuple):
    """Commands about one noun: name -> one line of help."""

    help: str
    commands: dict[str, str]


SINGLES = {
    "run": Single("run", "Run an action and show its result."),
    "login": Single("auth", "Log in: get a token and remember it."),
    "whoami": Single("auth", "Show who you are logged in as."),
    "auth": Single("auth", "Get a token and print it."),
    "completion": Single("completion", "Print the completion script of a shell."),
}


def _standard(nouns: str, noun: str, *names: str) -> dict[str, str]:
    texts = {
        "list": f"List {nouns}.",
        "get": f"Show {nouns} by name.",
        "create": f"Create {noun} from a file.",
        "update": f"Replace {noun} with the content of a file.",
        "delete": f"Delete {noun}.",
        "enable": f"Enable {noun}.",
        "disable": f"Disable {noun}.",
    }
    return {name: texts[name] for name in names}


_READ = ("list", "get")
_WRITE = ("list", "get", "create", "update", "delete")
_TOGGLE = ("enable", "disable")

GROUPS = {
    "action": Group(
        "Actions: what can be run.",
        {
            **_standard("actions", "an action", *_WRITE, *_TOGGLE),
            "clone": "Copy an action to another pack or name.",
            "execute": "Run an action without waiting for it.",
        },
    ),
    "action-alias": Group(
        "Chat commands that run actions.",
        {
            **_standard("action aliases", "an action alias", *_WRITE),
            "match": "Show the alias that a chat command matches.",
            "execute": "Run the alias that a chat command matches.",
            "test": "Run a chat command and show the answer the chat would get.",
        },
    ),
    "apikey": Group(
        "API keys: lasting credentials.",
        {
            **_standard("API keys", "an API key", *_READ),
            "create": "Create an API key.",
            "update": "Does nothing: API keys cannot be changed.",
            "delete": "Delete an API key.",
            **_standard("API keys", "an API key", *_TOGGLE),
            "load": "Load API keys from a file.",
        },
    ),
    "execution": Group(
        "Executions: runs of actions.",
        {
            "list": "List the newest executions.",
            "get": "Show executions and their results.",
            "tail": "Follow the output of an execution.",
            "cancel": "Cancel executions.",
            "pause": "Pause workflow executions.",
            "resume": "Resume paused workflow executions.",
            "re-run": "Run an execution again.",
        },
    ),
    "inquiry": Group(
        "Questions that workflows wait to have answered.",
        {**_standard("inquiries", "an inquiry", *_READ), "respond": "Answer an inquiry."},
    ),
    "key": Group(
        "The datastore: named values.",
        {
            **_standard("keys", "a key", *_READ),
            "set": "Set the value of a key.",
            "delete": "Delete a key.",
            "delete_by_prefix": "Delete all keys that begin alike.",
            "load": "Set keys from a file.",
        },
    ),
    "pack": Group(
        "Packs: sets of actions, rules, sensors and aliases.",
        {
            "list": "List the installed packs.",
            "get": "Show installed packs.",
            "show": "Show a pack of the index.",
            "search": "Search the index of packs.",
            "install": "Install packs.",
            "remove": "Remove packs.",
            "register": "Read packs from disk again.",
            "config": "Configure a pack.",
        },
    ),
    "policy": Group("Limits and retries put on actions.", _standard("policies", "a policy", *_WRITE)),
    "policy-type": Group("Kinds of policies.", _standard("policy types", "a policy type", *_READ)),
    "role": Group("Roles of users.", _standard("roles", "a role", *_READ)),
    "role-assignment": Group("Who has which role.", _standard("role assignments", "a role assignment", *_READ)),
    "rule": Group("Rules: when to run which action.", _standard("rules", "a rule", *_WRITE, *_TOGGLE)),
    "rule-enforcement": Group("Times that rules matched.", _standard("rule enforcements", "", *_READ)),
    "runner": Group("Runners: how actions are run.", _standard("runners", "a runner", *_READ, *_TOGGLE)),
    "sensor": Group("Sensors: what watches for events.", _standard("sensors", "a sensor", *_READ, *_TOGGLE)),
    "service-registry": Group(
        "Processes of the server that are up.",
        {"group list": "List the kinds of services.", "member list": "List the services that are up."},
    ),
    "timer": Group("Timers that rules use.", _standard("timers", "a timer", *_READ)),
    "trace": Group("What followed from one event.", _standard("traces", "a trace", *_READ)),
    "trigger": Group(
        "Triggers: kinds of events.",
        {**_standard("triggers", "a trigger", *_WRITE), "getspecs": "List what rules ask of a trigger."},
    ),
    "trigger-instance": Group(
        "Events that happened.",
        {
            "list": "List the newest trigger instances.",
            "get": "Show trigger instances.",
            "re-emit": "Let an event happen once more.",
        },
    ),
    "webhook": Group("Webhooks that rules use.", _standard("webhooks", "a webhook", *_READ)),
    "workflow": Group("Help for authors of workflows.", {"inspect": "Look for errors in a workflow definition."}),
}

#: Other spellings of groups.
ALIASES = {"api-key": "apikey", "alias": "action-alias", "exec": "execution"}


def names() -> list[str]:
    """Every first word of a command."""
    return sorted([*SINGLES, *GROUPS])


def load(group: str, name: str = "") -> Command:
    """Import one command; ``name`` is empty for one that stands alone."""
    module = SINGLES[group].module if not name else group.replace("-", "_")
    command: Command = import_module(f"st2client.commands.{module}").COMMANDS[name or group]
    command.name = f"{group} {name}".strip()
    command.help = GROUPS[group].commands[name] if name else SINGLES[group].help
    return command


def suggestion(word: str, known: list[str]) -> str:
    """What the user may have meant by a word that is not known; empty when nothing is near."""
    from difflib import get_close_matches

    near = get_close_matches(word, known, n=1, cutoff=0.5) or [name for name in known if name.startswith(word)]
    return near[0] if near else ""
