"""Configuration of packs: config.schema.yaml in the pack, values in configs/<pack>.yaml and in the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from st2lite.content.locations import PackLocations
from st2lite.content.paths import write_atomically
from st2lite.content.upsert import upsert
from st2lite.content.yaml_files import dump, load_map
from st2lite.models.errors import ContentError, Forbidden
from st2lite.models.pack import ConfigSchema, PackConfig
from st2lite.models.schema_rules import parameter_problems
from st2lite.models.schemas import map_problems
from st2lite.storage.contract import Equal, Store

SCHEMA_FILE = "config.schema.yaml"
_MODE = 0o640
"""Configurations hold passwords."""


def read_config_schema(pack_dir: Path, pack: str) -> ConfigSchema | None:
    """The schema of a pack's configuration, None if the pack has none; raise `ContentError`."""
    path = pack_dir / SCHEMA_FILE
    return read_config_schema_file(path, pack) if path.is_file() else None


def read_config_schema_file(path: Path, pack: str) -> ConfigSchema:
    """The schema of a pack's configuration in a file; raise `ContentError`."""
    attributes = load_map(path)
    problems = [text for key, schema in attributes.items() for text in parameter_problems(schema, f'"{key}"')]
    if problems:
        raise ContentError(f"{path}: {'; '.join(problems)}")
    return ConfigSchema(id=pack, attributes=attributes)


def read_config(path: Path, pack: str, schema: ConfigSchema | None) -> PackConfig:
    """The configuration in a file, checked against the schema; raise `ContentError`."""
    return make_config(load_map(path), pack, schema, f" ({path})")


def make_config(values: Mapping[str, Any], pack: str, schema: ConfigSchema | None, where: str = "") -> PackConfig:
    """The configuration of a pack, checked against the schema; raise `ContentError`. Defaults are not filled in."""
    problems = list(config_problems(values, schema.attributes if schema else {}))
    if problems:
        raise ContentError(f'Failed validating config for pack "{pack}"{where}: {"; ".join(problems)}')
    return PackConfig(id=pack, values=dict(values))


def save_config(store: Store, locations: PackLocations, config: PackConfig) -> None:
    """Write a configuration to its file, readable by its owner and group only, and to the store.

    The file comes first: what was answered survives the next registration. Raise `Forbidden` if it cannot be written.
    """
    path = locations.config_file(config.id)
    if path is not None:
        try:
            write_atomically(path, dump(config.values), _MODE)
        except OSError as error:
            raise Forbidden(
                f"{path}: cannot be written: {error.strerror}; let the user of st2api write to that directory."
            ) from None
    upsert(store, PackConfig, [config], lambda c: c.id, [Equal("id", config.id)])


def config_problems(values: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with configuration values; keys without a schema are allowed, and templates are not judged."""
    literal, schema = _without_templates(values, {"properties": schemas})
    yield from map_problems(literal, schema["properties"], noun="Key")
    for key, schema in schemas.items():
        yield from _decryption_problems(values.get(key), schema, key)


def _without_templates(value: Any, schema: Any) -> tuple[Any, Any]:
    """A value and its schema without those parts of which only a template will tell what they are."""
    if not isinstance(schema, dict):
        return value, schema
    if isinstance(value, list):
        items, kept = schema.get("items"), []
        for item in value:
            if not _is_template(item):
                literal, items = _without_templates(item, items)
                kept.append(literal)
        return kept, {**schema, "items": items} if "items" in schema else schema
    if not isinstance(value, dict):
        return value, schema
    literals = {key: item for key, item in value.items() if not _is_template(item)}
    hidden = value.keys() - literals.keys()
    properties = {key: sub for key, sub in (schema.get("properties") or {}).items() if key not in hidden}
    for key in literals.keys() & properties.keys():
        literals[key], properties[key] = _without_templates(literals[key], properties[key])
    relaxed = {**schema, "properties": properties}
    if isinstance(schema.get("required"), list):
        relaxed["required"] = [key for key in schema["required"] if key not in hidden]
        if not relaxed["required"]:
            del relaxed["required"]
    return literals, relaxed


def _decryption_problems(value: Any, schema: Any, where: str) -> Iterator[str]:
    if not isinstance(schema, dict):
        return
    if schema.get("secret") and _is_template(value) and "decrypt_kv" in value:
        yield (
            f'Key "{where}": values that the schema calls secret are decrypted by themselves; '
            'leave the filter "decrypt_kv" out'
        )
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _decryption_problems(item, (schema.get("properties") or {}).get(key), f"{where}.{key}")
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _decryption_problems(item, schema.get("items"), f"{where}[{position}]")


def _is_template(value: Any) -> bool:
    return isinstance(value, str) and "{{" in value
