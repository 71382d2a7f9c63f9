"""Configuration of packs at run time: defaults filled in, datastore references resolved, secrets decrypted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from st2lite.models.errors import InvalidInput, St2liteError, StoreUnavailable
from st2lite.models.pack import ConfigSchema, PackConfig
from st2lite.models.patterns import compile_pattern
from st2lite.rendering.crypto import KEY_RING, KeyRing, require
from st2lite.rendering.datastore import Reader
from st2lite.rendering.environment import contains_template, is_template, render
from st2lite.storage.contract import Store


class PackConfigs:
    """Resolves configurations from the store; files on disk count only once they are registered."""

    def __init__(self, store: Store, crypto: KeyRing | None) -> None:
        self._store = store
        self._crypto = crypto

    def resolve(self, pack: str, user: str) -> dict[str, Any]:
        """Configuration of a pack for an execution of this user; empty if the pack has none.

        Templates may refer to `st2kv.system` and `st2kv.user`; the item behind a value whose schema says secret is
        decrypted, and an empty one becomes None. Raise `InvalidInput` for a value that cannot be rendered.
        """
        stored = self._store.get(PackConfig, pack)
        declared = self._store.get(ConfigSchema, pack)
        schemas = declared.attributes if declared else {}
        values = with_defaults(stored.values if stored else {}, schemas)
        if not contains_template(values):
            return values
        variables = {"st2kv": Reader(self._store, user).lookups(), KEY_RING: self._crypto}
        return {
            key: self._resolve(value, _schema(schemas, key), variables, (pack, key)) for key, value in values.items()
        }

    def _resolve(self, value: Any, schema: Mapping[str, Any], variables: dict[str, Any], where: tuple[str, str]) -> Any:
        if isinstance(value, dict):
            return {k: self._resolve(v, schema_of_key(schema, k), variables, where) for k, v in value.items()}
        if isinstance(value, list):
            return [self._resolve(v, _schema(schema, "items"), variables, where) for v in value]
        if not is_template(value):
            return value
        try:
            text = render(value, variables)
            return (require(self._crypto).decrypt(text) if schema.get("secret") else text) if text else None
        except StoreUnavailable:
            raise
        except St2liteError as error:
            pack, key = where
            raise InvalidInput(
                f'Failed to render dynamic configuration value for key "{key}" with value "{value}" for pack "{pack}" '
                f"config: {error.message}"
            ) from error


def with_defaults(values: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `values` in which absent keys have their defaults, at any depth that the schemas describe."""
    result = {key: _fill(value, schema_of_key({"properties": schemas}, key)) for key, value in values.items()}
    for key, schema in schemas.items():
        if key in result or not isinstance(schema, dict):
            continue
        if "default" in schema:
            result[key] = _fill(schema["default"], schema)
        elif schema.get("type") == "object" and schema.get("properties"):
            nested = with_defaults({}, schema["properties"])
            if nested:
                result[key] = nested
    return result


def _fill(value: Any, schema: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        filled = with_defaults(value, schema.get("properties") or {})
        return {key: _fill(item, schema_of_key(schema, key)) for key, item in filled.items()}
    if isinstance(value, list):
        return [_fill(item, _schema(schema, "items")) for item in value]
    return value


def schema_of_key(schema: Mapping[str, Any], key: Any) -> Mapping[str, Any]:
    """Schema of one key of an object: its own, that of a matching pattern, or that of additional properties."""
    found = (schema.get("properties") or {}).get(key)
    if found is None:
        patterns = schema.get("patternProperties") or {}
        found = next((sub for pattern, sub in patterns.items() if compile_pattern(pattern).search(str(key))), None)
    if found is None:
        found = schema.get("additionalProperties")
    return found if isinstance(found, dict) else {}


def _schema(schemas: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = schemas.get(key)
    return found if isinstance(found, dict) else {}
