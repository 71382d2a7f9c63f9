"""Where StackStorm's objects come from: an exported database, or a live API. Both speak in the shapes of the API."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from st2lite.models.errors import InvalidInput
from st2lite.models.timestamps import from_epoch

Row = dict[str, Any]

KINDS = ("trigger_types", "rules", "policies", "aliases", "keys", "api_keys", "users")
"""What a source is asked for, in the order in which it has to be written."""

_COLLECTIONS = {
    "trigger_types": "trigger_type_d_b",
    "rules": "rule_d_b",
    "policies": "policy_d_b",
    "aliases": "action_alias_d_b",
    "keys": "key_value_pair_d_b",
    "api_keys": "api_key_d_b",
    "users": "user_d_b",
}
"""How MongoEngine names the collections of StackStorm's models."""
_TRIGGERS = "trigger_d_b"
_PATHS = {
    "trigger_types": "triggertypes?limit=-1",
    "rules": "rules?limit=-1&show_secrets=true",
    "policies": "policies?limit=-1",
    "aliases": "actionalias?limit=-1",
    "keys": "keys?limit=-1&scope=all",
    "api_keys": "apikeys?limit=-1&show_secrets=true",
}
_TIMEOUT = 60.0


class Source(Protocol):
    """Gives objects as StackStorm's API shows them."""

    def rows(self, kind: str) -> Iterator[Row]:
        """Yield the objects of one of `KINDS`."""

    def pack_files(self) -> Iterator[tuple[str, str, bytes]]:
        """Yield `(pack, path within it, content)` of what packs consist of, where the source has that."""


class DumpSource:
    """What `mongodump` wrote."""

    def __init__(self, directory: Path, database: str = "st2") -> None:
        from st2lite.storage.mongodb.dump import find_dump, read_dump

        self._directory = find_dump(directory, database)
        self._read = read_dump

    def rows(self, kind: str) -> Iterator[Row]:
        triggers = {row["ref"]: row for row in self._read(self._directory, _TRIGGERS)} if kind == "rules" else {}
        for row in self._read(self._directory, _COLLECTIONS[kind]):
            row["id"] = row.pop("_id", "")
            if kind == "rules" and isinstance(row.get("trigger"), str):
                known = triggers.get(row["trigger"], {})
                row["trigger"] = {"type": known.get("type"), "parameters": known.get("parameters") or {}}
            if isinstance(row.get("created_at"), int):  # microseconds since the epoch
                row["created_at"] = from_epoch(row["created_at"] / 1_000_000)
            yield row

    def pack_files(self) -> Iterator[tuple[str, str, bytes]]:
        return iter(())


class ApiSource:
    """A running StackStorm. `url` is that of its API with version, `headers` what it knows the caller by."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self._url = url.rstrip("/")
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            raise InvalidInput(f"--api: {url} is not the URL of an API, like https://st2.example.com/api/v1.")
        self._headers = headers

    def rows(self, kind: str) -> Iterator[Row]:
        if kind not in _PATHS:
            return
        for row in self._get(_PATHS[kind]):
            if kind == "keys" and row.get("user") and not row["name"].startswith(f"{row['user']}:"):
                row["name"] = f"{row['user']}:{row['name']}"
            yield row

    def pack_files(self) -> Iterator[tuple[str, str, bytes]]:
        for pack in self._get("packs?limit=-1"):
            for path in pack.get("files") or ():
                quoted = urllib.parse.quote(f"{pack['ref']}/{path}")
                yield pack["ref"], path, self._bytes(f"packs/views/file/{quoted}")

    def _get(self, path: str) -> list[Row]:
        rows: list[Row] = json.loads(self._bytes(path))
        return rows

    def _bytes(self, path: str) -> bytes:
        request = urllib.request.Request(f"{self._url}/{path}", headers=self._headers)  # noqa: S310 - checked above
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:  # noqa: S310
                content: bytes = response.read()
                return content
        except urllib.error.HTTPError as error:
            raise InvalidInput(f"{self._url}/{path}: {error.code} {error.reason}: {_reason(error)}") from None
        except OSError as error:
            raise InvalidInput(f"{self._url} cannot be reached: {error}") from None


def _reason(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read())["faultstring"])
    except (ValueError, KeyError, TypeError):
        return ""
