"""Action aliases at work: which one a command means, and the execution it stands for."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from st2lite.executions.service import ExecutionService
from st2lite.models.action import Action, RunnerType
from st2lite.models.alias import ActionAlias
from st2lite.models.alias_formats import (
    AliasFormat,
    Representation,
    compile_format,
    displays,
    representations,
    split_arrays,
)
from st2lite.models.errors import InvalidInput, NotFound, RenderError
from st2lite.models.execution import Execution
from st2lite.models.heads import head
from st2lite.models.patterns import SlowPattern, compile_pattern
from st2lite.rendering.crypto import KeyRing
from st2lite.rendering.environment import render_value
from st2lite.rendering.parameters import merged_schema
from st2lite.rendering.scope import RenderScope
from st2lite.storage.contract import Equal, Order, Store, find_one

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Command:
    """What a person said, and where. `user` is their name in the chat, `source_context` whatever the bot adds."""

    text: str
    user: str
    source_channel: str
    source_context: Any = None
    notification_channel: str | None = None
    notification_route: str | None = None


@dataclass(frozen=True)
class Match:
    """The alias that a command means, and in which of its representations."""

    alias: ActionAlias
    representation: Representation


@dataclass(frozen=True)
class Started:
    """An execution that an alias requested."""

    execution: Execution
    alias: ActionAlias


class AliasService:
    """Matches commands and runs them. Safe to use from many threads."""

    def __init__(self, store: Store, executions: ExecutionService, keyring: KeyRing | None) -> None:
        self._store = store
        self._executions = executions
        self._keyring = keyring

    def match(self, command: str) -> Match:
        """Return the one representation of an enabled alias that fits; raise `InvalidInput` for none or several.

        Those that may occur several times in a command are only tried when no other fits.
        """
        single: list[Match] = []
        multiple: list[Match] = []
        for alias in self._enabled():
            for representation in representations(alias):
                (multiple if representation.match_multiple else single).append(Match(alias, representation))
        for candidates, kind in ((single, "pattern"), (multiple, "(multi) pattern")):
            found = [candidate for candidate in candidates if _fits(candidate.representation, command)]
            if len(found) > 1:
                names = ", ".join(f'"{match.representation.format}" of {match.alias.ref}' for match in found)
                raise InvalidInput(
                    f"Command '{command}' matched more than 1 {kind}: {names}. Disable all but one alias."
                )
            if found:
                return found[0]
        raise InvalidInput(f"Command '{command}' matched no patterns")

    def help(self, pack: str | None = None, pattern: str | None = None) -> list[dict[str, str]]:
        """Return `{pack, display, description}` of each way to say an enabled alias.

        `pattern` is a regular expression that `display` has to contain, whatever the case.
        """
        try:
            wanted = compile_pattern(pattern or "", re.IGNORECASE)
        except re.error as error:
            raise InvalidInput(f'filter: "{pattern}" is not a regular expression: {error}.') from None
        return [
            {"pack": alias.pack, "display": display, "description": alias.description}
            for alias in self._enabled()
            for display in displays(alias)
            if (pack is None or alias.pack == pack) and wanted.search(display)
        ]

    def run(self, name: str, format_text: str, command: Command, caller: str) -> Started:
        """Run the alias of this name for a command in one of its formats."""
        alias = find_one(self._store, ActionAlias, Equal("name", name))
        if alias is None:
            raise NotFound(f'Unable to identify action alias with name "{name}".')
        if not alias.enabled:
            raise InvalidInput(f'Action alias with name "{name}" is disabled.')
        if format_text not in {representation.format for representation in representations(alias)}:
            raise InvalidInput(f'format: "{format_text}" is not one of the formats of action alias "{name}".')
        parameters = compile_format(format_text).parameters(command.text)
        return self._request(alias, parameters, command, caller)

    def match_and_run(self, command: Command, caller: str) -> list[Started]:
        """Run the alias that a command means: once, or for each time that it occurs in the command."""
        match = self.match(command.text)
        found = compile_format(match.representation.format)
        every = (
            found.all_parameters(command.text)
            if match.representation.match_multiple
            else [found.parameters(command.text)]
        )
        return [self._request(match.alias, parameters, command, caller) for parameters in every]

    def _enabled(self) -> list[ActionAlias]:
        return self._store.find(ActionAlias, (Equal("enabled", True),), (Order("pack"), Order("name")))

    def _request(self, alias: ActionAlias, parameters: Mapping[str, Any], command: Command, caller: str) -> Started:
        context = {
            "action_alias_ref": {"id": alias.id, "name": alias.name},
            "api_user": command.user,
            "source_channel": command.source_channel,
        }
        route = command.notification_route or command.notification_channel
        notify = {
            "on-complete": {
                "routes": [route],
                "data": {
                    "user": command.user,
                    "source_channel": command.source_channel,
                    "source_context": command.source_context,
                },
            }
        }
        values = {**parameters, **self._immutable(alias, parameters, context, caller)}
        values = split_arrays(values, self._schemas(alias))
        return Started(self._executions.request(alias.action_ref, values, caller, context, notify), alias)

    def _immutable(
        self, alias: ActionAlias, parameters: Mapping[str, Any], context: dict[str, Any], caller: str
    ) -> dict[str, Any]:
        taken = sorted(parameters.keys() & alias.immutable_parameters.keys())
        if taken:
            raise InvalidInput(
                f'Action alias "{alias.name}" sets {", ".join(taken)} itself: leave that out of the command.'
            )
        if not alias.immutable_parameters:
            return {}
        scope = RenderScope(self._store, self._keyring, caller, context, dict)
        return dict(render_value(alias.immutable_parameters, {**scope.variables({"st2kv"}), **context}))

    def _schemas(self, alias: ActionAlias) -> dict[str, Any]:
        action = find_one(self._store, Action, Equal("ref", alias.action_ref))
        runner = action and find_one(self._store, RunnerType, Equal("name", action.runner_type))
        return merged_schema(action, runner) if action and runner else {}


def alias_view(alias: ActionAlias) -> dict[str, Any]:
    """An alias as the API shows it."""
    return {
        **head(alias),
        "enabled": alias.enabled,
        "action_ref": alias.action_ref,
        "formats": alias.formats,
        "ack": alias.ack,
        "result": alias.result,
        "extra": alias.extra,
        "immutable_parameters": alias.immutable_parameters,
        "metadata_file": alias.metadata_file,
    }


def acknowledgement(alias: ActionAlias, execution: Mapping[str, Any], shown: Mapping[str, Any]) -> dict[str, Any]:
    """`{message, extra}` that an alias answers with, each only if it has one; `execution` and `shown` as the API shows.

    A template that cannot be rendered becomes a text that says so: the execution has been requested all the same.
    """
    variables = {"execution": execution, "actionalias": shown}
    answer: dict[str, Any] = {}
    for field, key in (("format", "message"), ("extra", "extra")):
        if field in alias.ack and alias.ack.get("enabled", True):
            try:
                answer[key] = render_value(alias.ack[field], variables)
            except RenderError as error:
                answer[key] = f'Cannot render "{field}" in field "ack" for alias. {error.message}'
    return answer


def _fits(representation: Representation, command: str) -> bool:
    try:
        compiled: AliasFormat = compile_format(representation.format)
    except InvalidInput:  # an alias from before its format was checked fits nothing
        return False
    try:
        return bool(compiled.all_parameters(command)) if representation.match_multiple else compiled.matches(command)
    except SlowPattern as error:  # the fault of one alias must not keep the others from their turn
        logger.warning("A command of %d characters is not held against an alias: %s.", len(command), error.message)
        return False
