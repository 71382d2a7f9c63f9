"""Moving in from StackStorm: from an exported database, and from a live API."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import bson
import pytest

from st2lite.commands.st2lite import main
from st2lite.models.access import ApiKey, User
from st2lite.models.alias import ActionAlias
from st2lite.models.datastore import KeyValuePair
from st2lite.models.policy import Policy
from st2lite.models.rule import Rule
from st2lite.models.trigger import Trigger, TriggerType
from st2lite.rendering.crypto import KeyRing, generate_key_file
from st2lite.services.context import AppContext
from st2lite.services.installation import installation
from st2lite.services.stackstorm.moving import move_in
from st2lite.services.stackstorm.report import FAILED, IMPORTED, KEPT, Report
from st2lite.services.stackstorm.sources import ApiSource, DumpSource
from st2lite.services.standalone import Standalone, standalone_config
from st2lite.storage.contract import Equal, find_one

OID = bson.ObjectId("65f0aa0000000000000000a1")
RULE = {
    "_id": OID, "name": "on_hook", "pack": "mine", "ref": "mine.on_hook", "uid": "rule:mine:on_hook",
    "description": "d", "tags": [], "type": {"ref": "standard", "parameters": {}}, "enabled": True,
    "trigger": "core.11111111-1111-1111-1111-111111111111",
    # MongoEngine keeps dots in keys as their full-width twins.
    "criteria": {"trigger\uff0ebody\uff0estate": {"type": "eq", "pattern": "down"}},
    "action": {"ref": "core.local", "parameters": {"cmd": "echo {{ trigger.body.host }}"}},
    "context": {"user": "ada"}, "metadata_file": "",
}  # fmt: skip
TRIGGER = {
    "_id": bson.ObjectId(), "name": "11111111-1111-1111-1111-111111111111", "pack": "core",
    "ref": "core.11111111-1111-1111-1111-111111111111", "type": "core.st2.webhook",
    "parameters": {"url": "alerts"}, "ref_count": 1,
}  # fmt: skip


def write(directory: Path, collection: str, *documents: dict[str, Any], zipped: bool = False) -> None:
    data = b"".join(bson.encode(document) for document in documents)
    directory.mkdir(parents=True, exist_ok=True)
    if zipped:
        (directory / f"{collection}.bson.gz").write_bytes(gzip.compress(data))
    else:
        (directory / f"{collection}.bson").write_bytes(data)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "their_key.json"
    generate_key_file(path)
    return path


@pytest.fixture
def dump(tmp_path: Path, key_file: Path) -> Path:
    directory = tmp_path / "dump" / "st2"
    secret = KeyRing.load(key_file).encrypt("hush")
    later = datetime(2999, 1, 2, tzinfo=timezone.utc)
    odd = {"trigger\uff0ebody": {"type": "resembles", "pattern": "x"}}
    write(
        directory, "rule_d_b", RULE, {**RULE, "_id": bson.ObjectId(), "name": "odd", "ref": "mine.odd", "criteria": odd}
    )
    write(directory, "trigger_d_b", TRIGGER)
    made = {"_id": bson.ObjectId(), "name": "made", "pack": "mine", "ref": "mine.made", "parameters_schema": {}}
    write(directory, "trigger_type_d_b", {**made, "payload_schema": {"type": "object"}}, zipped=True)
    write(
        directory,
        "key_value_pair_d_b",
        {"_id": bson.ObjectId(), "name": "colour", "scope": "st2kv.system", "value": "blue", "secret": False},
        {"_id": bson.ObjectId(), "name": "ada:own", "scope": "st2kv.user", "value": "mine", "secret": False},
        {"_id": bson.ObjectId(), "name": "pass", "scope": "system", "value": secret, "secret": True},
        {"_id": bson.ObjectId(), "name": "soon", "scope": "st2kv.system", "value": "x", "expire_timestamp": later},
    )
    write(directory, "api_key_d_b", {"_id": OID, "user": "ada", "key_hash": "ab" * 64, "metadata": {"for": "ci"},
                                     "created_at": 1_600_000_000_000_000, "enabled": True})  # fmt: skip
    write(directory, "policy_d_b", {"_id": bson.ObjectId(), "name": "again", "pack": "mine", "ref": "mine.again",
                                    "resource_ref": "core.local", "policy_type": "action.retry", "enabled": False,
                                    "parameters": {"retry_on": "failure"}})  # fmt: skip
    write(directory, "action_alias_d_b", {"_id": bson.ObjectId(), "name": "hi", "pack": "mine", "ref": "mine.hi",
                                          "action_ref": "core.noop", "formats": ["hi"], "enabled": True,
                                          "ack": {}, "result": {}, "immutable_parameters": {}})  # fmt: skip
    write(directory, "user_d_b", {"_id": bson.ObjectId(), "name": "ada", "is_service": False, "nicknames": {}})
    return tmp_path / "dump"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    base = tmp_path / "theirs"
    (base / "packs" / "mine" / "actions").mkdir(parents=True)
    (base / "packs" / "mine" / "pack.yaml").write_text(
        "name: mine\nversion: 1.0.0\ndescription: d\nauthor: a\nemail: a@example.org\n"
    )
    (base / "packs" / "mine" / "actions" / "say.yaml").write_text(
        "name: say\nrunner_type: local-shell-cmd\nentry_point: ''\n"
    )
    (base / "packs" / "core").mkdir()
    (base / "configs").mkdir()
    (base / "configs" / "mine.yaml").write_text("colour: red\n")
    return base


def target(tmp_path: Path) -> Path:
    path = tmp_path / "data"
    path.mkdir(exist_ok=True)
    if not (path / "datastore_key.json").exists():
        generate_key_file(path / "datastore_key.json")
    return path


def test_an_exported_database(tmp_path: Path, dump: Path, files: Path, key_file: Path) -> None:
    where = installation(None, target(tmp_path))
    report = move_in(where.config, DumpSource(dump), files, key_file, lambda _text: None)
    assert report.counts() == {
        "packs": row(imported=1),
        "configs": row(imported=1),
        "trigger_types": row(imported=1),
        "rules": row(imported=1, failed=1),
        "policies": row(imported=1),
        "aliases": row(imported=1),
        "keys": row(imported=4),
        "api_keys": row(imported=1),
        "users": row(imported=1),
    }
    (failure,) = report.failures
    assert failure.name == "mine.odd"
    assert "resembles" in failure.reason

    context = AppContext(where.config)
    store = context.store
    rule = find_one(store, Rule, Equal("ref", "mine.on_hook"))
    assert rule is not None
    assert rule.id == str(OID)
    assert rule.criteria == {"trigger.body.state": {"type": "eq", "pattern": "down"}}
    trigger = find_one(store, Trigger, Equal("ref", rule.trigger["ref"]))
    assert trigger is not None
    assert (trigger.type, trigger.parameters) == ("core.st2.webhook", {"url": "alerts"})
    assert find_one(store, TriggerType, Equal("ref", "mine.made"))
    policy = find_one(store, Policy, Equal("ref", "mine.again"))
    assert policy is not None
    assert policy.enabled is False
    assert find_one(store, ActionAlias, Equal("ref", "mine.hi"))
    assert store.get(User, "ada")
    (key,) = store.find(ApiKey)
    assert (key.key_hash, key.created_at) == ("ab" * 64, "2020-09-13T12:26:40.000000Z")
    items = {item.name: item for item in store.find(KeyValuePair)}
    assert items["colour"].value == "blue"
    assert items["ada:own"].scope == "st2kv.user"
    assert items["soon"].expire_timestamp == "2999-01-02T00:00:00.000000Z"
    assert context.keyring is not None
    assert context.keyring.decrypt(items["pass"].value) == "hush"
    assert context.pack_configs.resolve("mine", "ada") == {"colour": "red"}
    context.close()


def row(**counts: int) -> dict[str, int]:
    return {"imported": 0, "updated": 0, "kept": 0, "failed": 0, **counts}


def test_it_can_be_repeated(tmp_path: Path, dump: Path, files: Path, key_file: Path) -> None:
    where = installation(None, target(tmp_path))
    move_in(where.config, DumpSource(dump), files, key_file, lambda _text: None)
    report = move_in(where.config, DumpSource(dump), files, key_file, lambda _text: None)
    assert {entry.outcome for entry in report.entries} == {KEPT, FAILED}
    assert [entry.name for entry in report.failures] == ["mine.odd"]


def test_encrypted_values_need_their_key(tmp_path: Path, dump: Path, files: Path) -> None:
    where = installation(None, target(tmp_path))
    report = move_in(where.config, DumpSource(dump), files, None, lambda _text: None)
    (failure,) = [entry for entry in report.failures if entry.kind == "keys"]
    assert (failure.name, "--datastore-key" in failure.reason) == ("pass", True)


def test_the_command_reports(
    tmp_path: Path, dump: Path, files: Path, key_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    code = main(
        [
            *("import-stackstorm", "--dump", str(dump), "--files", str(files), "--datastore-key", str(key_file)),
            *("--data-dir", str(target(tmp_path)), "--report", str(report)),
        ]
    )
    assert code == 1, "something did not come over"
    printed = capsys.readouterr().out
    assert "rules: 1 imported, 1 failed" in printed
    assert "not imported: rules mine.odd" in printed
    assert json.loads(report.read_text())["counts"]["keys"]["imported"] == 4


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--dump", "{empty}"], "holds no dump"),
        (["--api", "ftp://x/v1"], "ST2_API_KEY"),
        (["--dump", "{dump}", "--files", "{empty}"], "there is no directory packs"),
        (["--dump", "{dump}", "--datastore-key", "{empty}/nothing"], "nothing"),
    ],
)
def test_what_cannot_be_read_is_named(
    tmp_path: Path, dump: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], text: str
) -> None:
    (tmp_path / "empty").mkdir()
    words = [word.format(empty=tmp_path / "empty", dump=dump) for word in arguments]
    assert main(["import-stackstorm", *words, "--data-dir", str(target(tmp_path))]) == 2
    assert text in capsys.readouterr().err


def test_a_damaged_dump(tmp_path: Path, dump: Path) -> None:
    path = dump / "st2" / "rule_d_b.bson"
    path.write_bytes(path.read_bytes()[:-3])
    where = installation(None, target(tmp_path))
    report = move_in(where.config, DumpSource(dump), None, None, lambda _text: None)
    (failure,) = [entry for entry in report.failures if entry.kind == "rules" and entry.name == "(all)"]
    assert "is damaged" in failure.reason
    assert report.counts()["users"]["imported"] == 1, "the rest comes over"


def test_a_live_api(tmp_path: Path, dump: Path, files: Path, key_file: Path) -> None:
    """Ours speaks StackStorm's API: what was imported there comes over from there."""
    data = target(tmp_path)
    first = installation(None, data)
    move_in(first.config, DumpSource(dump), files, key_file, lambda _text: None)
    running = Standalone(standalone_config(data, "127.0.0.1", 0, []), data)
    running.start()
    try:
        _, token = running.context.tokens.create("ada")
        (tmp_path / "second").mkdir()
        generate_key_file(tmp_path / "second" / "datastore_key.json")
        second = installation(None, tmp_path / "second")
        source = ApiSource(f"{running.url}/api/v1", {"X-Auth-Token": token})
        report: Report = move_in(second.config, source, None, data / "datastore_key.json", lambda _text: None)
    finally:
        running.stop()
    assert report.failures == []
    outcomes = {(entry.kind, entry.name): entry.outcome for entry in report.entries}
    assert outcomes["packs", "mine"] == IMPORTED
    assert outcomes["rules", "mine.on_hook"] == IMPORTED
    context = AppContext(second.config)
    items = {item.name: item for item in context.store.find(KeyValuePair)}
    assert context.keyring is not None
    assert context.keyring.decrypt(items["pass"].value) == "hush"
    assert items["ada:own"].value == "mine"
    assert context.store.find(ApiKey)[0].key_hash == "ab" * 64
    assert (tmp_path / "second" / "packs" / "mine" / "actions" / "say.yaml").exists()
    context.close()
