"""Which sensors run on this node: `[sensorcontainer] partition_provider`.

A provider is a function from the enabled sensors to the references of those that run here. It is asked again now and
then, so a changed map in the datastore or in a file counts within a minute.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from st2lite.content.yaml_files import load_map
from st2lite.models.datastore import SYSTEM_SCOPE
from st2lite.models.errors import ConfigError, ContentError
from st2lite.rendering.datastore import read_item
from st2lite.storage.contract import Store

Partition = Callable[[Iterable[str]], frozenset[str]]
"""From the references of all enabled sensors to those that run here. Raises `ConfigError` with the remedy."""

HASHES = 2**32
_OPTION = "[sensorcontainer] partition_provider"
_WORDS = {"min": 0, "max": HASHES}


def make_partition(options: Mapping[str, str], node: str, store: Store) -> Partition:
    """The provider that the option names; raise `ConfigError` for one that cannot work."""
    name = options.get("name", "default")
    if name == "default":
        return frozenset
    if name == "kvstore":
        return lambda refs: _listed(refs, _map_in_datastore(store, node))
    if name == "file":
        path = options.get("partition_file")
        if not path:
            raise ConfigError(f"{_OPTION}: name:file needs the file; write name:file, partition_file:/path/to/map.yaml")
        return lambda refs: _listed(refs, _map_in_file(Path(path), node))
    if name == "hash":
        ranges = parse_ranges(options.get("hash_ranges", ""))
        return lambda refs: frozenset(ref for ref in refs if any(sensor_hash(ref) in each for each in ranges))
    raise ConfigError(f'{_OPTION}: "{name}" is not known; use default, kvstore, file or hash.')


def only(ref: str) -> Partition:
    """The provider of a container that runs one sensor."""
    return lambda refs: _listed(refs, {ref})


def sensor_hash(ref: str) -> int:
    """Number of a sensor from 0 to 2^32 - 1, the same on every node, and the same as on nodes of StackStorm.

    The digits of the reference's MD5 as a decimal number, last one first: each is xored into a 32 bit number that is
    rotated left by five bits before.
    """
    digits = str(int.from_bytes(hashlib.md5(ref.encode(), usedforsecurity=False).digest(), "big"))
    number = 0
    for digit in reversed(digits):
        number = ((number << 5 | number >> 27) & (HASHES - 1)) ^ int(digit)
    return number


def parse_ranges(text: str) -> list[range]:
    """Read `0..1024|2048..MAX`: ranges with their beginning and without their end. Raise `ConfigError`."""
    ranges = []
    for part in text.split("|"):
        first, dots, last = part.partition("..")
        start, end = _bound(first), _bound(last)
        if not dots or start is None or end is None or not start < end:
            raise ConfigError(
                f'{_OPTION}: hash_ranges "{text}" is not valid at "{part}"; write name:hash, '
                "hash_ranges:MIN..2147483648|3000000000..MAX with numbers from 0 to 4294967296, each range ascending."
            )
        ranges.append(range(start, end))
    return ranges


def _bound(text: str) -> int | None:
    word = text.strip().lower()
    if word in _WORDS:
        return _WORDS[word]
    return min(int(word), HASHES) if word.isascii() and word.isdigit() else None


def _listed(refs: Iterable[str], chosen: Iterable[str]) -> frozenset[str]:
    return frozenset(refs).intersection(chosen)


def _map_in_datastore(store: Store, node: str) -> set[str]:
    name = f"{node}.sensor_partition_map"
    item = read_item(store, SYSTEM_SCOPE, name)
    if item is None:
        raise ConfigError(
            f'{_OPTION}: the datastore has no item "{name}"; '
            f"list the sensors of this node there: st2 key set {name} 'pack.Sensor, pack.Other'"
        )
    return {part.strip() for part in item.value.split(",") if part.strip()}


def _map_in_file(path: Path, node: str) -> set[str]:
    try:
        content = load_map(path)
    except ContentError as error:
        raise ConfigError(f"{_OPTION}: partition_file: {error.message}") from None
    listed = content.get(node)
    if not isinstance(listed, list) or not all(isinstance(ref, str) for ref in listed):
        raise ConfigError(f"{_OPTION}: {path} has no list of sensors for this node; write {node}: [pack.Sensor]")
    return set(listed)
