"""Metadata of actions, from a file or from the API."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from st2lite.content.metadata import NotSupported, Shape, metadata_files, metadata_path, read_metadata
from st2lite.models.action import NOTIFY_EVENTS, Action, RunnerType
from st2lite.models.errors import ContentError
from st2lite.models.schema_rules import parameter_problems, schema_problems

_PARAMETER = re.compile(r"\w+")
_OVERRIDABLE = frozenset({"default", "description", "enum", "immutable", "required"})
"""Attributes of a runner's parameter that an action may set differently."""
_SHAPE = Shape(
    "an action",
    texts=("runner_type", "entry_point"),
    maps=("parameters", "output_schema", "notify"),
    others=("enabled", "tags"),
    required=("name", "runner_type"),
)
_NOT_YET = frozenset({"orquesta", "orchestra", "mistral-v2"})
"""Runner types that packs of the field use, and that are not part of this release."""
_OF_MISSING_RUNNER = re.compile(
    rb"^[ \t{]*[\"']?runner_type[\"']?\s*:\s*[\"']?(?:%s)\b" % b"|".join(name.encode() for name in sorted(_NOT_YET)),
    re.MULTILINE,
)
_NOTIFY_KEYS = frozenset({"message", "data", "routes", "channels"})


def action_files(pack_dir: Path) -> list[Path]:
    """Metadata files of the actions of a pack, sorted by name."""
    return [path for path in metadata_files(pack_dir, "actions") if path.stem != "config"]


def left_out(pack_dir: Path) -> list[str]:
    """Names of the metadata files of actions that cannot be registered, since this release lacks their runner.

    Only looks at the line that says so: a pack may have thousands of actions.
    """
    return [path.stem for path in action_files(pack_dir) if _OF_MISSING_RUNNER.search(path.read_bytes())]


def read_action(path: Path, pack: str, runners: Mapping[str, RunnerType]) -> Action:
    """The action in a metadata file of a pack; raise `ContentError` that lists all that is wrong with it."""
    action = read_metadata(path, lambda content: make_action(content, pack, runners))
    action.metadata_file = metadata_path(path)
    return action


def make_action(content: Mapping[str, Any], pack: str, runners: Mapping[str, RunnerType]) -> Action:
    """The action that metadata describes; `pack` is the one it has to belong to, `runners` all known ones by name.

    Raise `NotSupported` if only its runner type is missing, and packs cannot help that.
    """
    problems = list(_shape_problems(content, pack))
    if not problems:
        problems = list(_parameter_problems(content, runners))
    if problems:
        raise ContentError("; ".join(problems))
    if content["runner_type"] not in runners:
        raise NotSupported(f'actions with runner_type "{content["runner_type"]}" cannot run in this release')
    return Action(
        name=content["name"],
        pack=pack,
        runner_type=content["runner_type"],
        description=content.get("description") or "",
        enabled=content.get("enabled", True),
        entry_point=content.get("entry_point") or "",
        parameters=content.get("parameters") or {},
        output_schema=content.get("output_schema") or {},
        tags=content.get("tags") or [],
        notify=content.get("notify") or {},
    )


def _shape_problems(content: Mapping[str, Any], pack: str) -> Iterator[str]:
    yield from _SHAPE.problems(content, pack)
    if isinstance(content.get("notify"), dict):
        yield from _notify_problems(content["notify"])


def _notify_problems(notify: Mapping[str, Any]) -> Iterator[str]:
    for event, block in notify.items():
        if event not in NOTIFY_EVENTS:
            yield f'notify: unknown event "{event}"; there are {", ".join(sorted(NOTIFY_EVENTS))}'
        elif not isinstance(block, dict) or block.keys() - _NOTIFY_KEYS:
            yield f"notify, {event}: has to be a map with message, data and routes"


def _parameter_problems(content: Mapping[str, Any], runners: Mapping[str, RunnerType]) -> Iterator[str]:
    parameters: dict[str, Any] = content.get("parameters") or {}
    well_formed = True
    for name, schema in parameters.items():
        if not _PARAMETER.fullmatch(name):
            yield f'parameter "{name}": a name has only letters, digits and underscores'
        for problem in parameter_problems(schema, f'parameter "{name}"'):
            well_formed = False
            yield problem
    if well_formed:
        yield from _position_problems(parameters)
    runner = runners.get(content["runner_type"])
    if runner is None and content["runner_type"] not in _NOT_YET:
        known = ", ".join(sorted(runners))
        yield f'runner_type "{content["runner_type"]}" is not registered; there are {known}'
    elif runner is not None and well_formed:
        yield from _override_problems(parameters, runner)
    output_schema = content.get("output_schema") or {}
    if "type" in output_schema and not isinstance(output_schema["type"], dict):
        yield from schema_problems(output_schema, "output_schema")


def _position_problems(parameters: Mapping[str, Any]) -> Iterator[str]:
    positions = sorted(schema["position"] for schema in parameters.values() if "position" in schema)
    if positions != list(range(len(positions))):
        yield f"positions of parameters have to be 0, 1, 2 and so on, each once; they are {positions}"


def _override_problems(parameters: Mapping[str, Any], runner: RunnerType) -> Iterator[str]:
    for name in parameters.keys() & runner.runner_parameters.keys():
        inherited = runner.runner_parameters[name]
        for attribute, value in parameters[name].items():
            if attribute not in _OVERRIDABLE and inherited.get(attribute) != value:
                yield (
                    f'The attribute "{attribute}" for the runner parameter "{name}" cannot be '
                    f"overridden; only {', '.join(sorted(_OVERRIDABLE))} can"
                )
