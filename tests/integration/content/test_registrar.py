"""Registering content."""

import logging
import os
import re
import threading

import pytest

from st2lite.content.actions import action_files
from st2lite.content.internal_triggers import read_internal_triggers
from st2lite.content.locations import PackLocations
from st2lite.content.metadata import metadata_files
from st2lite.content.registrar import KINDS, Registrar, wanted_kinds
from st2lite.content.runner_types import read_runner_types
from st2lite.models.action import Action, RunnerType
from st2lite.models.errors import ContentError, InvalidInput
from st2lite.models.pack import ConfigSchema, Pack, PackConfig
from st2lite.storage.contract import Equal

SYSTEM_PACKS = PackLocations(None, []).all_packs().values()
SYSTEM_ACTIONS = sum(len(action_files(path)) for path in SYSTEM_PACKS)
ALL_ACTIONS = SYSTEM_ACTIONS + 2
RUNNERS = len(read_runner_types())


def in_system_packs(kind):
    return sum(len(metadata_files(path, kind)) for path in SYSTEM_PACKS)


def action(store, ref):
    return store.find(Action, [Equal("ref", ref)])[0]


def runner(store, name):
    return store.find(RunnerType, [Equal("name", name)])[0]


class Writes:
    """A store that counts what is written."""

    def __init__(self, store):
        self._store = store
        self.written = []

    def __getattr__(self, name):
        return getattr(self._store, name)

    def insert_many(self, documents):
        self.written += documents
        self._store.insert_many(documents)

    def replace(self, document):
        self.written.append(document)
        self._store.replace(document)


def test_everything_on_disk_is_registered(store, registrar):
    counts = registrar.register()
    assert {kind: counts[kind] for kind in KINDS} == {
        "runners": RUNNERS,
        "rule_types": 2,
        "policy_types": 3,
        "triggers": in_system_packs("triggers") + len(read_internal_triggers()) + 1,
        "sensors": in_system_packs("sensors") + 1,
        "actions": ALL_ACTIONS,
        "rules": in_system_packs("rules") + 2,
        "aliases": in_system_packs("aliases") + 1,
        "policies": in_system_packs("policies") + 1,
        "configs": 0,
    }
    assert {kind: counts[f"{kind}(overridden)"] for kind in ("sensors", "actions", "rules", "aliases")} == {
        "sensors": 0, "actions": 0, "rules": 0, "aliases": 0,
    }  # fmt: skip
    assert {pack.ref for pack in store.find(Pack)} >= {"core", "default", "weather"}
    assert store.count(Action) == ALL_ACTIONS
    assert action(store, "core.local").metadata_file == "actions/local.yaml"
    assert action(store, "weather.report").enabled is False
    assert store.get(ConfigSchema, "weather").attributes["units"]["enum"] == ["metric", "imperial"]


def test_registering_again_writes_nothing_and_keeps_ids(store, locations, registrar):
    first = registrar.register()
    before = {a.ref: (a.id, a.rev) for a in store.find(Action)}
    counting = Writes(store)
    assert Registrar(counting, locations).register() == first
    assert counting.written == []
    assert {a.ref: (a.id, a.rev) for a in store.find(Action)} == before


def test_only_what_changed_is_written(store, locations, packs, registrar):
    registrar.register()
    old = action(store, "weather.report")
    path = packs / "weather" / "actions" / "report.json"
    path.write_text(path.read_text().replace("false", "true"))
    counting = Writes(store)
    Registrar(counting, locations).register(["action"], ["weather"])
    assert [document.ref for document in counting.written] == ["weather.report"]
    new = action(store, "weather.report")
    assert (new.id, new.rev, new.enabled) == (old.id, old.rev + 1, True)


def test_true_and_1_are_different(store, packs, registrar):
    path = packs / "weather" / "actions" / "report.json"
    path.write_text('{"name": "report", "runner_type": "noop", "parameters": {"x": {"default": true}}}')
    registrar.register()
    path.write_text('{"name": "report", "runner_type": "noop", "parameters": {"x": {"default": 1}}}')
    registrar.register()
    assert action(store, "weather.report").parameters["x"]["default"] is not True


class TestChangedOnly:
    def test_unchanged_files_are_not_read(self, store, registrar, packs):
        first = registrar.register(changed_only=True)
        path = packs / "weather" / "actions" / "report.json"
        status = path.stat()
        path.write_text("x" * status.st_size)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        assert registrar.register(changed_only=True) == first
        with pytest.raises(ContentError, match=r"report\.json"):
            registrar.register()

    @pytest.mark.parametrize("name", ["pack.yaml", "actions/report.json", "config.schema.yaml", "rules/storm.yaml"])
    def test_a_touched_file_is_read_again(self, store, registrar, packs, name):
        registrar.register(changed_only=True)
        (packs / "weather" / name).write_text("]")
        with pytest.raises(ContentError, match=re.escape(name.rpartition("/")[2])):
            registrar.register(changed_only=True)

    def test_new_files_are_seen(self, store, registrar, packs):
        registrar.register(changed_only=True)
        (packs / "weather" / "actions" / "new.yaml").write_text("name: new\nrunner_type: noop\n")
        (packs / "weather" / "etc.txt").write_text("")
        assert registrar.register(changed_only=True)["actions"] == ALL_ACTIONS + 1
        (pack,) = store.find(Pack, [Equal("ref", "weather")])
        assert {"actions/new.yaml", "etc.txt"} <= set(pack.files)

    def test_configuration_and_overrides_count_too(self, store, registrar, packs):
        registrar.register(changed_only=True)
        (packs.parent / "configs" / "weather.yaml").write_text("station: north\n")
        (packs.parent / "overrides" / "weather.yaml").write_text("actions: {defaults: {enabled: false}}\n")
        counts = registrar.register(changed_only=True)
        assert (counts["configs"], counts["actions(overridden)"]) == (1, 1)
        assert store.get(PackConfig, "weather").values == {"station": "north"}
        assert action(store, "weather.forecast").enabled is False

    def test_changes_through_the_api_survive(self, store, registrar):
        registrar.register(changed_only=True)
        forecast = action(store, "weather.forecast")
        forecast.enabled = False
        store.replace(forecast)
        registrar.register(changed_only=True)
        assert action(store, "weather.forecast").enabled is False
        registrar.register()
        assert action(store, "weather.forecast").enabled is True

    def test_faulty_packs_are_tried_again(self, store, registrar, packs, caplog):
        path = packs / "weather" / "actions" / "report.json"
        path.write_text("{")
        for _ in range(2):
            caplog.clear()
            counts = registrar.register(fail_on_failure=False, changed_only=True)
            assert "report.json" in caplog.text
            assert counts["actions"] == ALL_ACTIONS - 1

    def test_a_partial_registration_is_not_taken_for_a_complete_one(self, store, registrar, packs):
        (packs.parent / "configs" / "weather.yaml").write_text("station: north\n")
        registrar.register(["action"])
        assert store.get(PackConfig, "weather") is None
        registrar.register(changed_only=True)
        assert store.get(PackConfig, "weather").values == {"station": "north"}


def test_a_disabled_runner_stays_disabled(store, registrar):
    registrar.register(["runner"])
    noop = runner(store, "noop")
    noop.enabled, noop.description = False, "changed"
    store.replace(noop)
    registrar.register(["runner"])
    noop = runner(store, "noop")
    assert noop.enabled is False
    assert noop.description != "changed"


@pytest.mark.parametrize(
    ("types", "kinds"),
    [
        (None, set(KINDS)),
        ([], set(KINDS)),
        (["all"], set(KINDS)),
        (["action"], {"actions", "runners"}),
        (["actions"], {"actions", "runners"}),
        (["runner"], {"runners"}),
        (["rule"], {"rules", "rule_types"}),
        (["policy", "policy_type"], {"policies", "policy_types"}),
        (["alias", "aliases"], {"aliases"}),
        (["sensor", "trigger", "config"], {"sensors", "triggers", "configs"}),
    ],
)
def test_kinds(types, kinds):
    assert wanted_kinds(types) == kinds


def test_counts_name_what_was_asked_for(registrar):
    counts = registrar.register(["sensors", "rules"], ["weather"])
    assert counts == {
        "rule_types": 2, "sensors": 1, "sensors(overridden)": 0, "rules": 2, "rules(overridden)": 0,
    }  # fmt: skip
    assert registrar.register(["runners"]) == {"runners": RUNNERS}


def test_unknown_kinds_and_packs(registrar):
    with pytest.raises(InvalidInput, match='types: "wrokflows" is no kind of content; use all or some of runners'):
        registrar.register(["wrokflows"])
    with pytest.raises(InvalidInput, match='Pack "nope" not found on disk: '):
        registrar.register(packs=["nope"])
    with pytest.raises(InvalidInput, match=r'Pack "\.\./packs" not found'):
        registrar.register(packs=["../packs"])


def test_only_the_named_packs(store, registrar):
    assert registrar.register(packs=["weather"])["actions"] == 2
    assert [pack.ref for pack in store.find(Pack)] == ["weather"]


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("pack.yaml", "name: weather", "version has to be given"),
        ("pack.yaml", "{name: w2, description: d, version: 1.0.0, author: a}", 'the reference of this pack is "w2"'),
        ("config.schema.yaml", "station: {type: strin}", '"station": type has to be'),
        ("actions/report.json", '{"name": "report"}', "runner_type has to be given"),
        ("actions/report.json", '{"name": "forecast", "runner_type": "noop"}', "is described in actions/forecast.yaml"),
        ("actions/report.json", '{"name": "r", "pack": "core", "runner_type": "noop"}', 'pack is "core"'),
        ("triggers/calm.yaml", "name: calm\nparameters_schema: {type: x}", "parameters_schema: type has to be one of"),
        (
            "sensors/station.yaml",
            "class_name: S\nentry_point: ../x.py",
            r'entry_point "\.\./x\.py" has to be a relative',
        ),
        ("rules/storm.yaml", "name: storm\ntrigger: {type: [}", r"storm\.yaml, line 2, column 18: "),
        (
            "rules/storm.yaml",
            "{name: s, trigger: {type: a.b}, action: {ref: core.noop}}",
            'Trigger "a.b" defined in the',
        ),
        (
            "rules/storm.yaml",
            "{name: s, trigger: {type: weather.gust, parameters: {abve: 1}}, action: {ref: core.noop}}",
            "trigger.parameters: 'above' is a required property",
        ),
        (
            "rules/storm.yaml",
            "{name: s, trigger: {type: weather.thunder}, criteria: {a: {type: is, pattern: x}}, action: {ref: a.b}}",
            "For field: a, operator is is not one of",
        ),
        (
            "rules/thunder.json",
            '{"name": "storm", "trigger": {"type": "weather.thunder"}, "action": {"ref": "a.b"}}',
            "described in",
        ),
        ("aliases/forecast.yaml", "{name: f, action_ref: core.noop, formats: ['a(']}", "formats: "),
        (
            "policies/one_forecast.yaml",
            "{name: p, resource_ref: core.noop, policy_type: action.none}",
            'policy_type "action.none" does not exist',
        ),
        ("../../configs/weather.yaml", "units: metric", "'station' is a required property"),
        ("../../configs/weather.yaml", "{station: s, units: miles}", "\"units\": 'miles' is not one of"),
        ("../../configs/weather.yaml", "{station: s, limits: {low: x}}", "Key \"limits\".low: 'x' is not of type"),
        (
            "../../configs/weather.yaml",
            "{station: s, api_key: '{{ st2kv.system.k | decrypt_kv }}'}",
            "leave the filter",
        ),
        ("../../configs/weather.yaml", "[station]", "expected a map"),
        ("../../overrides/weather.yaml", "actions: 5", "expected a map with defaults"),
    ],
)
def test_a_faulty_file_stops_all_or_is_left_out(store, registrar, packs, caplog, name, content, text):
    (packs / "weather" / name).write_text(content)
    with pytest.raises(ContentError, match=text):
        registrar.register()
    with caplog.at_level(logging.ERROR):
        counts = registrar.register(fail_on_failure=False)
    assert "Not registered" in caplog.text
    assert counts["actions"] >= SYSTEM_ACTIONS, "the other packs are registered all the same"


def test_an_action_that_cannot_run_yet_keeps_no_pack_from_working(store, registrar, packs, caplog):
    (packs / "weather" / "actions" / "flow.yaml").write_text("{name: flow, runner_type: orquesta, entry_point: x.yaml}")
    assert registrar.register(packs=["weather"])["actions"] == 2
    assert 'flow.yaml: actions with runner_type "orquesta" cannot run in this release' in caplog.text
    (packs / "weather" / "actions" / "flow.yaml").write_text("{name: flow, runner_type: orquesta, positions: 5}")
    with pytest.raises(ContentError, match='unknown attribute "positions"'):
        registrar.register(packs=["weather"])


def test_templates_in_configuration_are_not_judged(store, registrar, packs):
    (packs.parent / "configs" / "weather.yaml").write_text("station: s\nunits: '{{ st2kv.system.units }}'\nfree: 5\n")
    assert registrar.register(["configs"])["configs"] == 1
    assert store.get(PackConfig, "weather").values["free"] == 5


def test_a_directory_that_is_no_pack_is_left_out(store, registrar, packs, caplog):
    (packs / "notes").mkdir()
    registrar.register()
    assert "notes is not a pack" in caplog.text
    with pytest.raises(ContentError, match=r'has no "pack.yaml"'):
        registrar.register(packs=["notes"])


def test_a_file_whose_name_no_text_can_say_stops_nothing(store, registrar, packs):
    (packs / "weather" / os.fsdecode(b"\xff.txt")).touch()
    registrar.register(packs=["weather"])
    (pack,) = store.find(Pack, [Equal("ref", "weather")])
    assert "pack.yaml" in pack.files
    assert not any(name.endswith(".txt") for name in pack.files)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("path", ["", "pack.yaml", "actions", "actions/report.json", "actions/lib"])
def test_what_may_not_be_read_is_named_and_stops_nothing(store, registrar, packs, caplog, path):
    (packs / "weather" / "actions" / "lib").mkdir(exist_ok=True)
    closed = packs / "weather" / path
    mode = closed.stat().st_mode
    closed.chmod(0)
    try:
        registrar.register(fail_on_failure=False)
        assert f"{closed}" in caplog.text
        assert "cannot be read: Permission denied" in caplog.text
        with pytest.raises(ContentError, match="cannot be read: Permission denied"):
            registrar.register(packs=["weather"])
    finally:
        closed.chmod(mode)
    assert action(store, "core.local").enabled


def test_what_disappears_from_disk_stays_registered(store, registrar, packs):
    registrar.register()
    (packs / "weather" / "actions" / "report.json").unlink()
    assert registrar.register(packs=["weather"])["actions"] == 1
    assert action(store, "weather.report").ref == "weather.report"


def test_several_at_once(store, locations):
    failures = []

    def register():
        try:
            Registrar(store, locations).register(changed_only=True)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=register) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert store.count(Action) == ALL_ACTIONS
    assert store.count(RunnerType) == RUNNERS
