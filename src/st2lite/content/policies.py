"""Metadata of policies, from a file or from the API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from st2lite.content.metadata import Shape, is_ref
from st2lite.models.errors import ContentError
from st2lite.models.policy import COORDINATED, NO_COORDINATION, POLICY_TYPES, Policy, PolicyType
from st2lite.models.schemas import map_problems

_SHAPE = Shape(
    "a policy",
    texts=("resource_ref", "policy_type"),
    maps=("parameters",),
    others=("enabled",),
    required=("name", "resource_ref", "policy_type"),
)
_TYPES = {known.ref: known for known in POLICY_TYPES}


def make_policy(content: Mapping[str, Any], pack: str, coordinated: bool = True) -> Policy:
    """The policy that metadata describes; `pack` is the one it has to belong to.

    Parameters that are left out get the defaults of the policy type. Without `coordinated` (see
    `config.urls.coordination_url`) an enabled policy that needs locks is refused. Raises `ContentError` that lists all
    that is wrong.
    """
    problems = list(_shape_problems(content, pack))
    if not problems:
        kind = _TYPES.get(content["policy_type"])
        problems = list(_parameter_problems(content, kind))
        if not coordinated and content["policy_type"] in COORDINATED and content.get("enabled", True):
            problems.append(f'policy "{pack}.{content["name"]}" {NO_COORDINATION}')
        if kind is not None and not problems:
            return Policy(
                name=content["name"],
                pack=pack,
                description=content.get("description") or "",
                enabled=content.get("enabled", True),
                resource_ref=content["resource_ref"],
                policy_type=kind.ref,
                parameters=_complete(content.get("parameters") or {}, kind),
            )
    raise ContentError("; ".join(problems))


def _shape_problems(content: Mapping[str, Any], pack: str) -> Iterator[str]:
    yield from _SHAPE.problems(content, pack)
    action = content.get("resource_ref")
    if isinstance(action, str) and action and not is_ref(action):
        yield f'resource_ref "{action}" has to be the reference of an action, like core.local'


def _parameter_problems(content: Mapping[str, Any], kind: PolicyType | None) -> Iterator[str]:
    if kind is None:
        yield f'policy_type "{content["policy_type"]}" does not exist; there are {", ".join(_TYPES)}'
        return
    parameters: Mapping[str, Any] = content.get("parameters") or {}
    for name in sorted(map(str, parameters.keys() - kind.parameters.keys())):
        yield f'unknown parameter "{name}"; {kind.ref} takes {", ".join(kind.parameters)}'
    yield from map_problems(parameters, kind.parameters)


def _complete(parameters: Mapping[str, Any], kind: PolicyType) -> dict[str, Any]:
    """Parameters with defaults; null counts as left out."""
    defaults = {name: schema["default"] for name, schema in kind.parameters.items() if "default" in schema}
    return {**defaults, **{name: value for name, value in parameters.items() if value is not None}}
