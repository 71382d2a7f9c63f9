"""Which sensors run on which node."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from st2lite.models.datastore import KeyValuePair
from st2lite.models.errors import ConfigError
from st2lite.reactor.sensors.partition import HASHES, make_partition, only, parse_ranges, sensor_hash
from st2lite.storage.contract import Store

REFS = [f"examples.Sensor{number}" for number in range(50)]


def test_by_default_all_run_here(store: Store) -> None:
    assert make_partition({"name": "default"}, "node1", store)(REFS) == set(REFS)
    assert make_partition({}, "node1", store)(REFS) == set(REFS)


def test_a_single_one() -> None:
    assert only(REFS[3])(REFS) == {REFS[3]}
    assert only("examples.Other")(REFS) == set()


def test_a_map_in_the_datastore_is_read_each_time(store: Store) -> None:
    partition = make_partition({"name": "kvstore"}, "node1", store)
    with pytest.raises(ConfigError, match=r"st2 key set node1\.sensor_partition_map"):
        partition(REFS)
    item = KeyValuePair(
        name="node1.sensor_partition_map", scope="st2kv.system", value="examples.Sensor1, examples.Sensor2,examples.No"
    )
    store.insert(item)
    assert partition(REFS) == {"examples.Sensor1", "examples.Sensor2"}
    item.value = "examples.Sensor3"
    store.replace(item)
    assert partition(REFS) == {"examples.Sensor3"}


def test_a_map_in_a_file(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    partition = make_partition({"name": "file", "partition_file": str(path)}, "node1", store)
    with pytest.raises(ConfigError, match="no such file"):
        partition(REFS)
    path.write_text("node1: [examples.Sensor1]\nnode2:\n  - examples.Sensor2\nnode3: examples.Sensor3\n")
    assert partition(REFS) == {"examples.Sensor1"}
    assert make_partition({"name": "file", "partition_file": str(path)}, "node2", store)(REFS) == {"examples.Sensor2"}
    for node in ("node3", "node4"):
        with pytest.raises(ConfigError, match=f"write {node}: "):
            make_partition({"name": "file", "partition_file": str(path)}, node, store)(REFS)


def test_ranges_of_hashes_share_all_sensors_out(store: Store) -> None:
    nodes = ("MIN..1000000000|3000000000..MAX", "1000000000..2000000000", "2000000000..3000000000")
    parts = [make_partition({"name": "hash", "hash_ranges": text}, "any", store)(REFS) for text in nodes]
    assert all(parts)
    assert sum(map(len, parts)) == len(REFS)
    assert frozenset().union(*parts) == set(REFS)


@pytest.mark.parametrize("text", ["", "5", "5..", "5..5", "9..5", "a..b", "-1..5", "1..2|", "1.5..2", "²..3"])
def test_ranges_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError, match=r"hash_ranges"):
        parse_ranges(text)


@pytest.mark.parametrize(
    ("options", "text"),
    [({"name": "magic"}, "use default, kvstore, file or hash"), ({"name": "file"}, "partition_file")],
)
def test_providers_that_cannot_work(options: dict[str, str], text: str, store: Store) -> None:
    with pytest.raises(ConfigError, match=text):
        make_partition(options, "node1", store)


@given(st.text())
def test_a_hash_is_a_number_of_32_bits_and_always_the_same(ref: str) -> None:
    number = sensor_hash(ref)
    assert 0 <= number < HASHES
    assert number == sensor_hash(ref)


def test_a_hash_does_not_change_with_a_release() -> None:
    """Nodes of different releases, and those of StackStorm, have to agree: worked out by hand from the MD5.

    MD5 of "a" is 0cc175b9c0f1b6a831c399e269772661, which is 16955237001963240173058271559858726497 as a number.
    """
    number = 0
    for digit in reversed("16955237001963240173058271559858726497"):
        number = int(f"{number:032b}"[5:] + f"{number:032b}"[:5], 2) ^ int(digit)
    assert sensor_hash("a") == number
