"""Registering what belongs to events: trigger types, sensors, rules, aliases and policies."""

import pytest

from st2lite.content.internal_triggers import read_internal_triggers
from st2lite.content.registrar import Registrar
from st2lite.models.alias import ActionAlias
from st2lite.models.errors import ContentError
from st2lite.models.policy import Policy
from st2lite.models.rule import Rule
from st2lite.models.sensor import SensorType
from st2lite.models.trigger import Trigger, TriggerType
from st2lite.storage.contract import Equal, find_one

STORM = """\
name: storm
trigger: {type: weather.gust, parameters: {above: %s}}
action: {ref: core.noop}
"""


def one(store, kind, ref):
    return find_one(store, kind, Equal("ref", ref))


def triggers_of(store, type_ref):
    return store.find(Trigger, [Equal("type", type_ref)])


class TestTriggerTypes:
    def test_of_the_product(self, store, registrar):
        registrar.register(["triggers"], ["weather"])
        for definition in read_internal_triggers():
            stored = one(store, TriggerType, definition.ref)
            assert stored.payload_schema == definition.payload_schema
            shadow = one(store, Trigger, definition.ref)
            assert (shadow is None) == bool(definition.parameters_schema), definition.ref

    def test_of_a_pack(self, store, registrar):
        registrar.register(packs=["weather"])
        calm = one(store, TriggerType, "weather.calm")
        assert (calm.description, calm.metadata_file) == ("The wind has dropped.", "triggers/calm.yaml")
        assert calm.tags == [{"name": "kind", "value": "wind"}]
        assert one(store, Trigger, "weather.calm").is_shadow

    def test_rules_alone_need_them_too(self, store, registrar, packs):
        rule = packs / "weather" / "rules" / "storm.yaml"
        rule.write_text("{name: s, trigger: {type: core.st2.webhook, parameters: {url: a}}, action: {ref: core.noop}}")
        (packs / "weather" / "rules" / "thunder.json").unlink()
        assert registrar.register(["rules"], ["weather"]) == {"rule_types": 2, "rules": 1, "rules(overridden)": 0}
        assert triggers_of(store, "core.st2.webhook")[0].webhook == "a"


class TestSensors:
    def test_all_fields(self, store, registrar, packs):
        registrar.register(packs=["weather"])
        sensor = one(store, SensorType, "weather.StationSensor")
        assert (sensor.name, sensor.class_name, sensor.entry_point) == ("StationSensor",) * 3
        assert sensor.artifact_uri == f"file://{packs}/weather/sensors/station.py"
        assert (sensor.enabled, sensor.poll_interval, sensor.metadata_file) == (True, 30, "sensors/station.yaml")
        assert sensor.trigger_types == ["weather.gust", "weather.thunder"]

    def test_their_trigger_types(self, store, registrar):
        registrar.register(["sensors"], ["weather"])
        gust = one(store, TriggerType, "weather.gust")
        assert gust.parameters_schema["properties"]["above"]["type"] == "number"
        assert gust.metadata_file == "sensors/station.yaml"
        assert one(store, Trigger, "weather.gust") is None
        assert one(store, Trigger, "weather.thunder").is_shadow

    def test_a_type_with_a_file_of_its_own_is_described_there(self, store, registrar, packs):
        (packs / "weather" / "triggers" / "thunder.yaml").write_text("{name: thunder, description: in a file}")
        for _ in range(2):
            registrar.register()
            assert one(store, TriggerType, "weather.thunder").description == "in a file"

    def test_a_program_that_is_not_there_is_named(self, store, registrar, packs, caplog):
        (packs / "weather" / "sensors" / "station.py").unlink()
        registrar.register(["sensors"], ["weather"])
        assert "sensors/station.py is not there; the sensor will not start" in caplog.text
        assert one(store, SensorType, "weather.StationSensor")


class TestRules:
    def test_all_fields(self, store, registrar):
        registrar.register(packs=["weather"])
        storm, thunder = one(store, Rule, "weather.storm"), one(store, Rule, "weather.thunder")
        (trigger,) = triggers_of(store, "weather.gust")
        assert storm.trigger == {"type": "weather.gust", "parameters": {"above": 24.5}, "ref": trigger.ref}
        assert storm.criteria == {"trigger.station": {"type": "istartswith", "pattern": "coast"}}
        assert (storm.enabled, storm.type["ref"], storm.metadata_file) == (True, "standard", "rules/storm.yaml")
        assert thunder.trigger["ref"] == "weather.thunder"
        assert (thunder.enabled, thunder.is_backstop) == (False, True)

    def test_a_changed_trigger_replaces_the_old_one(self, store, registrar, packs):
        registrar.register(packs=["weather"])
        before = one(store, Rule, "weather.storm")
        (packs / "weather" / "rules" / "storm.yaml").write_text(STORM % 30)
        registrar.register(packs=["weather"])
        after = one(store, Rule, "weather.storm")
        assert (after.id, after.rev) == (before.id, before.rev + 1)
        (trigger,) = triggers_of(store, "weather.gust")
        assert (trigger.ref, trigger.parameters) == (after.trigger["ref"], {"above": 30})

    def test_a_trigger_that_another_rule_needs_stays(self, store, registrar, packs):
        (packs / "weather" / "rules" / "other.yaml").write_text((STORM % 24.5).replace("storm", "other", 1))
        registrar.register(packs=["weather"])
        (packs / "weather" / "rules" / "storm.yaml").write_text(STORM % 30)
        registrar.register(packs=["weather"])
        assert sorted(t.parameters["above"] for t in triggers_of(store, "weather.gust")) == [24.5, 30]

    def test_a_trigger_of_a_pack_that_comes_later(self, store, registrar, packs):
        early = packs / "almanac"
        (early / "rules").mkdir(parents=True)
        (early / "pack.yaml").write_text("{name: almanac, description: d, version: 1.0.0, author: a}")
        (early / "rules" / "x.yaml").write_text(
            "{name: x, trigger: {type: weather.calm}, action: {ref: core.noop}}",
        )
        registrar.register()
        assert one(store, Rule, "almanac.x").trigger["ref"] == "weather.calm"

    def test_a_faulty_rule_stops_no_other(self, store, registrar, packs, caplog):
        (packs / "weather" / "rules" / "storm.yaml").write_text("{name: s, trigger: {type: a.b}, action: {ref: a.b}}")
        assert registrar.register(packs=["weather"], fail_on_failure=False)["rules"] == 1
        assert 'rules/storm.yaml: Trigger "a.b" defined in the rule does not exist in system' in caplog.text
        assert one(store, Rule, "weather.thunder")

    def test_a_faulty_rule_leaves_no_triggers_behind(self, store, registrar, packs):
        (packs / "weather" / "rules" / "z.yaml").write_text("{name: z, trigger: {type: a.b}, action: {ref: a.b}}")
        with pytest.raises(ContentError):
            registrar.register(packs=["weather"])
        assert triggers_of(store, "weather.gust") == []

    def test_who_made_it_is_kept(self, store, registrar):
        registrar.register(packs=["weather"])
        rule = one(store, Rule, "weather.storm")
        rule.context = {"user": "jane"}
        store.replace(rule)
        registrar.register(packs=["weather"])
        assert one(store, Rule, "weather.storm").context == {"user": "jane"}


def test_aliases_and_policies(store, registrar):
    registrar.register(packs=["weather"])
    alias = one(store, ActionAlias, "weather.forecast")
    assert (alias.action_ref, alias.enabled, alias.metadata_file) == (
        "weather.forecast", True, "aliases/forecast.yaml",
    )  # fmt: skip
    assert len(alias.formats[0]["representation"]) == 2
    policy = one(store, Policy, "weather.one_forecast")
    assert policy.parameters == {"threshold": 1, "action": "delay"}
    assert policy.metadata_file == "policies/one_forecast.yaml"


def test_names_of_aliases_are_unique_across_packs(store, registrar, packs, caplog):
    other = packs / "zephyr"
    (other / "aliases").mkdir(parents=True)
    (other / "pack.yaml").write_text("{name: zephyr, description: d, version: 1.0.0, author: a}")
    for name in ("forecast", "breeze"):
        (other / "aliases" / f"{name}.yaml").write_text(f"{{name: {name}, action_ref: core.noop, formats: [{name}]}}")
    with pytest.raises(ContentError, match=r'"forecast" is taken by the alias weather\.forecast, and names'):
        registrar.register()
    registrar.register(packs=["zephyr"], fail_on_failure=False)
    assert "rename one of them, or delete the other" in caplog.text
    assert one(store, ActionAlias, "zephyr.breeze")
    assert one(store, ActionAlias, "zephyr.forecast") is None


def test_policies_that_need_locks_are_refused_where_there_are_none(store, locations):
    with pytest.raises(ContentError, match=r"one_forecast\.yaml: .*set url in section \[coordination\]"):
        Registrar(store, locations, coordinated=False).register(packs=["weather"])


@pytest.mark.parametrize(
    ("kind", "model", "ref"),
    [
        ("sensors", SensorType, "weather.StationSensor"),
        ("rules", Rule, "weather.storm"),
        ("aliases", ActionAlias, "weather.forecast"),
    ],
)
def test_overrides(store, registrar, packs, kind, model, ref):
    name = ref.partition(".")[2]
    path = packs.parent / "overrides" / "weather.yaml"
    path.write_text(f"{kind}: {{exceptions: {{{name}: {{enabled: false}}}}}}")
    assert registrar.register(packs=["weather"])[f"{kind}(overridden)"] == 1
    assert one(store, model, ref).enabled is False
    path.unlink()
    assert registrar.register(packs=["weather"])[f"{kind}(overridden)"] == 0
    assert one(store, model, ref).enabled is True


def test_what_disappears_from_disk_stays_registered(store, registrar, packs):
    registrar.register(packs=["weather"])
    for name in ("rules/storm.yaml", "sensors/station.yaml", "aliases/forecast.yaml", "triggers/calm.yaml"):
        (packs / "weather" / name).unlink()
    counts = registrar.register(packs=["weather"])
    assert (counts["rules"], counts["sensors"], counts["aliases"]) == (1, 0, 0)
    assert one(store, Rule, "weather.storm") and one(store, SensorType, "weather.StationSensor")
