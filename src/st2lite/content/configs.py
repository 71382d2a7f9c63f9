"""Configuration of packs: config.schema.yaml in the pack, values in configs/<pack>.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from st2lite.content.yaml_files import load_map
from st2lite.models.errors import ContentError
from st2lite.models.pack import ConfigSchema, PackConfig
from st2lite.models.schema_rules import parameter_problems
from st2lite.models.schemas import map_problems

SCHEMA_FILE = "config.schema.yaml"


def read_config_schema(pack_dir: Path, pack: str) -> ConfigSchema | None:
    """The schema of a pack's configuration, None if the pack has none; raise `ContentError`."""
    path = pack_dir / SCHEMA_FILE
    if not path.is_file():
        return None
    attributes = load_map(path)
    problems = [text for key, schema in attributes.items() for text in parameter_problems(schema, f'"{key}"')]
    if problems:
        raise ContentError(f"{path}: {'; '.join(problems)}")
    return ConfigSchema(id=pack, attributes=attributes)


def read_config(path: Path, pack: str, schema: ConfigSchema | None) -> PackConfig:
    """The configuration in a file, checked against the schema; raise `ContentError`."""
    values = load_map(path)
    problems = list(config_problems(values, schema.attributes if schema else {}))
    if problems:
        raise ContentError(f'Failed validating config for pack "{pack}" ({path}): {"; ".join(problems)}')
    return PackConfig(id=pack, values=values)


def config_problems(values: Mapping[str, Any], schemas: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with configuration values; keys without a schema are allowed, and templates are not judged."""
    literal = {key: value for key, value in values.items() if not _is_template(value)}
    awaited = {key: schema for key, schema in schemas.items() if key in literal or key not in values}
    yield from map_problems(literal, awaited, noun="Key")
    for key, schema in schemas.items():
        yield from _decryption_problems(values.get(key), schema, key)


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
