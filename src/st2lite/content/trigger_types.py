"""Trigger types: those that packs describe in files, those that sensors declare, and those made through the API."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from st2lite.content.metadata import Shape, metadata_path, read_metadata
from st2lite.content.triggers import make_trigger
from st2lite.content.upsert import upsert
from st2lite.models.errors import ContentError
from st2lite.models.schema_rules import schema_problems
from st2lite.models.trigger import Trigger, TriggerType
from st2lite.storage.contract import In, Store

logger = logging.getLogger(__name__)

_SHAPE = Shape("a trigger type", maps=("payload_schema", "parameters_schema"), others=("tags",))


def make_trigger_type(content: Mapping[str, Any], pack: str) -> TriggerType:
    """The trigger type that metadata describes; raise `ContentError` that lists all that is wrong with it."""
    problems = list(_SHAPE.problems(content, pack)) or list(_schema_problems(content))
    if problems:
        raise ContentError("; ".join(problems))
    return TriggerType(
        name=content["name"],
        pack=pack,
        description=content.get("description") or "",
        payload_schema=content.get("payload_schema") or {},
        parameters_schema=content.get("parameters_schema") or {},
        tags=content.get("tags") or [],
        metadata_file=content.get("metadata_file") or "",
    )


def read_trigger_type(path: Path, pack: str) -> TriggerType:
    """The trigger type in a metadata file of a pack; raise `ContentError`."""
    definition = read_metadata(path, lambda content: make_trigger_type(forgiving(content, str(path)), pack))
    definition.metadata_file = metadata_path(path)
    return definition


def forgiving(content: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Metadata without a schema of the payload that is not valid; packs that have one still register and work."""
    kept = dict(content)
    schema = kept.get("payload_schema") or {}
    problems = list(schema_problems(schema, "payload_schema"))
    if problems and isinstance(schema, dict):
        logger.warning("%s: payloads are not checked, since their schema is faulty: %s", where, "; ".join(problems))
        del kept["payload_schema"]
    return kept


def store_trigger_types(store: Store, definitions: Sequence[TriggerType]) -> None:
    """Insert or replace trigger types, and the triggers that stand for those without parameters."""
    refs = tuple(definition.ref for definition in definitions)
    upsert(store, TriggerType, definitions, lambda definition: definition.ref, [In("ref", refs)])
    shadows = [make_trigger(definition, {}) for definition in definitions if not definition.parameters_schema]
    upsert(store, Trigger, shadows, lambda trigger: trigger.ref, [In("ref", refs)])


def _schema_problems(content: Mapping[str, Any]) -> Iterator[str]:
    for key in ("payload_schema", "parameters_schema"):
        yield from schema_problems(content.get(key) or {}, key)
