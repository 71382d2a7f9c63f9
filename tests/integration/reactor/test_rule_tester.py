"""st2-rule-tester, on files and on what is registered."""

import pytest
import yaml

from st2lite.commands.rule_tester import main
from st2lite.content.triggers import Triggers
from st2lite.models.action import Action, RunnerType
from st2lite.models.datastore import KeyValuePair
from st2lite.models.rule import Rule
from st2lite.models.trigger import TriggerInstance, TriggerType
from st2lite.storage.open import document_classes

RULE = {
    "name": "alarm", "pack": "test", "enabled": True, "trigger": {"type": "test.event"},
    "criteria": {"trigger.level": {"type": "gt", "pattern": 3}},
    "action": {"ref": "test.act", "parameters": {"message": "{{ trigger.text }}", "n": "{{ trigger.level }}"}},
}  # fmt: skip
INSTANCE = {"trigger": "test.event", "payload": {"level": 5, "text": "größe"}}


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def try_files(write, monkeypatch):
    monkeypatch.setenv("ST2_CONFIG_PATH", "/nonexistent/st2.conf")

    def try_files(rule, instance):
        return main(["--rule", write("rule.yaml", rule), "--trigger-instance", write("instance.yaml", instance)])

    return try_files


def test_files_that_match_need_neither_configuration_nor_database(try_files, capsys):
    assert try_files(RULE, INSTANCE) == 0
    out = capsys.readouterr().out
    assert "test.alarm matches." in out and "test.act is run" in out
    assert yaml.safe_load(out.split(":\n", 1)[1]) == {"message": "größe", "n": "5"}


@pytest.mark.parametrize(
    "rule, instance, told",
    [
        ({}, {"payload": {"level": 3}}, "criterion trigger.level (gt): the value is 3 against 3"),
        ({}, {"payload": {}}, "the payload is empty"),
        ({}, {"trigger": "test.other"}, "the rule listens for test.event, and this is test.other"),
        ({}, {"payload": {"level": "x"}}, "the value cannot be compared"),
        ({}, {"payload": {"level": 5}}, "test.act cannot be requested: Failed to render parameter"),
        ({"action": {"ref": "test.act", "parameters": {"a": "{{ b }}", "b": "{{ a }}"}}}, {}, "Cyclic dependency"),
    ],
)
def test_what_does_not_match_says_why(try_files, capsys, rule, instance, told):
    assert try_files(RULE | rule, INSTANCE | instance) == 1
    assert told in capsys.readouterr().out


@pytest.mark.parametrize(
    "rule, instance, told",
    [
        ("a: [", INSTANCE, "rule.yaml"),
        ({"name": "x"}, INSTANCE, "rule.yaml: trigger has to be given"),
        (RULE | {"criteria": {"trigger.a": {"type": "like", "pattern": 1}}}, INSTANCE, "operator like is not one of"),
        (RULE, {"trigger": "test.event"}, "instance.yaml: payload has to be given"),
        (RULE, {"trigger": 5, "payload": {}}, "instance.yaml: trigger has to be"),
        (RULE, "[1]", "instance.yaml: expected a map"),
    ],
)
def test_a_faulty_file_is_told_in_words(try_files, capsys, rule, instance, told):
    assert try_files(rule, instance) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [[], ["--rule", "x"], ["--rule", "x", "--rule-ref", "y", "--trigger-instance", "z"]]
)
def test_wrong_usage(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


def test_a_disabled_rule_and_a_throttled_one_are_tried_too(try_files, capsys):
    message = "{{ throttle.count }} {{ throttle.events[0].level }}"
    action = {"ref": "test.act", "parameters": {"message": message}}
    assert try_files(RULE | {"enabled": False, "throttle": {"once_after": "5m"}, "action": action}, INSTANCE) == 0
    out = capsys.readouterr().out
    assert "It is disabled." in out and "1 5" in out


@pytest.fixture
def registered(store, tmp_path, write):
    """Arguments for a configuration with a database that has a rule, its action and an instance; and their ids."""
    parameters = {"message": {"type": "string"}, "n": {"type": "integer"}, "key": {"type": "string", "secret": True}}
    store.insert(RunnerType(name="noop", runner_module="noop_runner"))
    store.insert(Action(name="act", pack="test", runner_type="noop", parameters=parameters))
    store.insert(TriggerType(name="event", pack="test", parameters_schema={"type": "object"}))
    store.insert(KeyValuePair(name="secret", value="s3cret"))
    trigger = Triggers(store).for_rule("test.event", {"x": 1})
    action = {"ref": "test.act", "parameters": RULE["action"]["parameters"] | {"key": "{{ st2kv.system.secret }}"}}
    listens = {"type": "test.event", "parameters": {"x": 1}, "ref": trigger.ref}
    store.insert(
        Rule(name="alarm", pack="test", enabled=True, trigger=listens, criteria=RULE["criteria"], action=action)
    )
    instance = TriggerInstance(
        trigger=trigger.ref,
        trigger_type="test.event",
        occurrence_time="2026-01-01T00:00:00.000000Z",
        payload=INSTANCE["payload"],
    )
    store.insert(instance)
    conf = write("st2.conf", f"[database]\nhost = sqlite://{tmp_path}/st2.db\n[messaging]\nurl = memory://\n")
    return ["--config-file", conf], instance


def contents(store):
    return {kind: store.find(kind) for kind in document_classes()}


def test_a_registered_rule_and_a_recorded_instance(registered, store, capsys):
    arguments, instance = registered
    before = contents(store)
    assert main([*arguments, "--rule-ref", "test.alarm", "--trigger-instance-id", instance.id]) == 0
    out = capsys.readouterr().out
    assert yaml.safe_load(out.split(":\n", 1)[1]) == {"message": "größe", "n": 5, "key": "********"}
    assert "s3cret" not in out
    assert contents(store) == before


@pytest.mark.parametrize("parameters, code", [({"x": 1}, 0), ({"x": 2}, 1)])
def test_a_rule_in_a_file_listens_for_the_same_parameters(registered, write, capsys, parameters, code):
    arguments, instance = registered
    rule = write("rule.yaml", RULE | {"trigger": {"type": "test.event", "parameters": parameters}})
    assert main([*arguments, "--rule", rule, "--trigger-instance-id", instance.id]) == code
    assert ("with other parameters" in capsys.readouterr().out) is bool(code)


def test_a_rule_whose_action_is_not_registered(registered, write, capsys):
    arguments, instance = registered
    trigger = {"type": "test.event", "parameters": {"x": 1}}
    rule = write("rule.yaml", RULE | {"action": {"ref": "no.such"}, "trigger": trigger})
    assert main([*arguments, "--rule", rule, "--trigger-instance-id", instance.id]) == 1
    assert 'no.such cannot be requested: Action "no.such" cannot be found' in capsys.readouterr().out


@pytest.mark.parametrize(
    "rule, instance, told",
    [("no.such", None, '--rule-ref: there is no rule "no.such"'), ("test.alarm", "5", "no trigger instance")],
)
def test_what_is_not_registered(registered, capsys, rule, instance, told):
    arguments, known = registered
    assert main([*arguments, "--rule-ref", rule, "--trigger-instance-id", instance or known.id]) == 2
    assert told in capsys.readouterr().err
