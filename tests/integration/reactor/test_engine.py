"""The rules engine from an instance to executions and enforcements."""

import pytest

from st2lite.messaging.contract import RULES
from st2lite.messaging.messages import TriggerOccurred, WorkRequested
from st2lite.models.action import Action
from st2lite.models.datastore import KeyValuePair
from st2lite.models.errors import InvalidInput
from st2lite.models.execution import Execution
from st2lite.models.ids import derived_id
from st2lite.models.pack import PackConfig
from st2lite.models.rule import Rule
from st2lite.models.throttle import ThrottleState
from st2lite.models.trigger import TriggerInstance
from st2lite.reactor.dispatch import DEEPEST_PAYLOAD
from st2lite.storage.contract import Equal
from tests.integration.reactor.engine_rig import TRIGGER, Rig

BIG = {"text": "x" * (300 * 1024)}


def one(key, operator, pattern):
    return {key: {"type": operator, "pattern": pattern}}


def test_an_event_on_the_bus_becomes_an_execution(rig, bus, wait_until):
    jobs = []
    bus.subscribe((WorkRequested,), lambda message: jobs.append(message.execution))
    rule = rig.rule(criteria=one("trigger.a", "eq", 1), parameters={"message": "a is {{ trigger.a }}"})
    rig.engine.start()
    instance = rig.emit()
    assert wait_until(lambda: rig.status(instance) == "processed")
    [execution] = rig.executions()
    [enforcement] = rig.enforcements()
    assert execution.parameters == {"message": "a is 1"}
    assert execution.id == derived_id(instance.id, "execution", rule.id) == enforcement.execution_id
    assert wait_until(lambda: [job.id for job in jobs] == [execution.id])
    assert enforcement.status == "succeeded" and enforcement.failure_reason is None
    assert enforcement.trigger_instance_id == instance.id
    assert enforcement.rule == {"ref": "test.rule", "id": rule.id, "uid": "rule:test:rule"}


def test_what_an_execution_knows_of_its_cause(rig):
    rule = rig.rule(criteria=one("trigger.a", "eq", 1), parameters={"message": "secret"})
    instance = rig.process()
    [execution] = rig.executions()
    assert execution.context == {
        "trigger_instance": {"id": instance.id, "name": None},
        "rule": {"id": rule.id, "name": "rule"},
        "user": "stanley",
        "pack": "test",
        "trace_context": {"id_": instance.id, "trace_tag": f"trigger_instance-{instance.id}"},
    }
    assert execution.rule["ref"] == "test.rule" and execution.rule["criteria"] == rule.criteria
    assert "secret" not in str(execution.rule)
    assert execution.trigger["ref"] == execution.trigger_type["ref"] == TRIGGER
    assert execution.trigger_instance["id"] == instance.id and execution.trigger_instance["payload"] == {"a": 1}


def test_an_execution_joins_the_trace_of_its_event(rig):
    rig.rule()
    rig.process(trace_context={"id_": "5" * 24, "trace_tag": "told"})
    [execution] = rig.executions()
    assert execution.context["trace_context"] == {"id_": "5" * 24, "trace_tag": "told"}


def test_every_rule_that_matches_runs_and_no_other(rig):
    first, second = rig.rule("first"), rig.rule("second", criteria=one("trigger.a", "exists", None))
    rig.rule("other", criteria=one("trigger.a", "eq", 2))
    rig.rule("disabled", enabled=False)
    rig.rule("elsewhere", trigger="test.other")
    assert rig.process().status == "processed"
    assert {enforcement.rule["ref"] for enforcement in rig.enforcements()} == {first.ref, second.ref}
    assert {execution.rule["ref"] for execution in rig.executions()} == {first.ref, second.ref}


def test_without_a_rule_an_event_is_just_processed(rig):
    assert rig.process().status == "processed"
    assert not rig.executions() and not rig.enforcements()


def test_backstop_rules_run_when_no_standard_rule_matches(rig):
    rig.rule("standard", criteria=one("trigger.a", "eq", 1))
    rig.rule("backstop", type="backstop", criteria=one("trigger.a", "gt", 0))
    rig.process({"a": 1})
    assert [execution.rule["name"] for execution in rig.executions()] == ["standard"]
    rig.process({"a": 2})
    assert sorted(execution.rule["name"] for execution in rig.executions()) == ["backstop", "standard"]
    rig.process({"a": 0})
    assert len(rig.executions()) == 2


def test_parameters_are_rendered_with_all_there_is(rig, store):
    store.insert(KeyValuePair(name="greeting", value="hello"))
    store.insert(PackConfig(id="test", values={"region": "eu", "who": "{{ st2kv.system.greeting }}"}))
    templates = {
        "message": "{{ st2kv.system.greeting }} {{ config_context.region }} {{ config_context.who }} "
        "{{ action_context.user }} {{ action_context.rule.name }} {{ trigger.größe }} {{ n }}",
        "data": "{{ trigger.map }}",
        "n": "{{ trigger.n }}",
        "any": ["{{ trigger.n }}", {"k": "{{ trigger.map.x }}"}],
    }
    rig.rule(parameters=templates)
    rig.process({"größe": "XL ✓", "map": {"x": [1, None]}, "n": 7})
    [execution] = rig.executions()
    assert execution.parameters == {
        "message": "hello eu hello stanley rule XL ✓ 7",
        "data": {"x": [1, None]},
        "n": 7,
        "any": ["7", {"k": "[1, None]"}],
    }


def test_what_an_event_brings_is_never_a_template(rig):
    rig.rule(parameters={"message": "{{ trigger.text }}"})
    rig.process({"text": "{{ 1 / 0 }} {{ st2kv.system.x }}"})
    [execution] = rig.executions()
    assert execution.parameters == {"message": "{{ 1 / 0 }} {{ st2kv.system.x }}"}


@pytest.mark.parametrize(
    "attributes, reason",
    [
        ({"action": "test.missing"}, 'Action "test.missing" cannot be found.'),
        ({"action": "test.off"}, 'Unable to execute. Action "test.off" is disabled.'),
        ({"action": "test.lost"}, 'needs the runner "lost"'),
        ({"parameters": {"message": "{{ trigger.b }}"}}, "has no attribute 'b'"),
        ({"parameters": {"message": "{{ nobody }}"}}, 'Dependency unsatisfied in variable "nobody"'),
        ({"parameters": {"message": "{{ any }}", "any": "{{ message }}"}}, "Cyclic dependency"),
        ({"parameters": {"n": "many"}}, 'Parameter "n" cannot be read as integer'),
        ({"parameters": {"unknown": 1}}, "unknown"),
        ({"parameters": {"message": "{{ 'x' | nofilter }}"}}, "nofilter"),
        ({"criteria": one("trigger.a", "lt", "x")}, 'Criterion "trigger.a" (lt): the value cannot be compared'),
        ({"criteria": one("trigger.a", "eq", "{{ trigger.b }}")}, "the pattern cannot be rendered"),
        ({"criteria": one("trigger.a", "like", "x")}, "there is no such operator"),
        ({"throttle": {"once_within": "soon"}}, "throttle.once_within"),
    ],
)
def test_a_rule_that_cannot_be_enforced_leaves_a_record_and_harms_no_other(rig, store, attributes, reason):
    store.insert(Action(name="off", pack="test", runner_type="noop", enabled=False))
    store.insert(Action(name="lost", pack="test", runner_type="lost"))
    bad, good = rig.rule("bad", **attributes), rig.rule("good")
    assert rig.process().status == "processed"
    [failed] = rig.enforcements(bad)
    assert failed.status == "failed" and reason in failed.failure_reason and failed.execution_id is None
    assert [enforcement.status for enforcement in rig.enforcements(good)] == ["succeeded"]
    assert [execution.status for execution in rig.executions(good)] == ["requested"]
    assert [execution.status for execution in rig.executions(bad)] in ([], ["failed"])


def test_a_rule_that_cannot_be_judged_does_not_keep_backstop_rules_from_their_turn(rig):
    rig.rule("bad", criteria=one("trigger.a", "lt", "x"))
    backstop = rig.rule("backstop", type="backstop")
    rig.process()
    assert len(rig.executions(backstop)) == 1


def test_the_same_message_twice_changes_nothing(rig, bus, wait_until):
    rig.rule("good"), rig.rule("bad", parameters={"message": "{{ trigger.b }}"}), rig.rule("gone", action="no.such")
    rig.engine.start()
    instance = rig.emit()
    assert wait_until(lambda: rig.status(instance) == "processed")
    before = (rig.executions(), rig.enforcements(), rig.store.get(TriggerInstance, instance.id))
    bus.publish(TriggerOccurred(instance))
    assert wait_until(lambda: not bus._queues[RULES.name]._consumers[0].unacknowledged)
    assert (rig.executions(), rig.enforcements(), rig.store.get(TriggerInstance, instance.id)) == before
    assert len(before[0]) == 2 and len(before[1]) == 3


def test_an_execution_that_was_accepted_is_enforced_though_its_action_is_gone_by_now(rig, store):
    """An engine requested it and died; the next one cannot request it any more."""
    rule = rig.rule()
    rig.process()
    [enforcement] = rig.enforcements()
    store.delete(type(enforcement), enforcement.id)
    action = store.find(Action, (Equal("name", "act"),))[0]
    action.enabled = False
    store.replace(action)
    instance = store.get(TriggerInstance, enforcement.trigger_instance_id)
    rig.engine.process(instance)
    [again] = rig.enforcements(rule)
    assert again.status == "succeeded" and again.execution_id == enforcement.execution_id


def test_a_large_payload_is_not_copied_into_executions(rig):
    rig.rule(parameters={"message": "{{ trigger.text | length }}"})
    rig.process(BIG)
    [execution] = rig.executions()
    assert execution.parameters == {"message": str(len(BIG["text"]))}
    assert execution.trigger_instance["payload"] == {}


def test_an_event_without_a_map_as_payload(rig):
    rig.rule("any", parameters={"message": "{{ trigger[0] }}"})
    rig.rule("some", criteria=one("trigger[1]", "eq", 6))
    rig.process([5, 6])
    assert sorted(execution.rule["name"] for execution in rig.executions()) == ["any", "some"]


def test_an_old_message_about_an_event_that_is_done_with_costs_one_read(rig, bus, wait_until, store):
    rule = rig.rule()
    calls = Counting(store)
    late = Rig(store, bus, redispatch_after=0, engine_store=calls)
    instance = rig.process()
    instance.rev -= 1
    late.engine.start()
    bus.publish(TriggerOccurred(instance))
    assert wait_until(lambda: calls.counted)
    late.engine.stop()
    assert calls.counted == ["get TriggerInstance"]
    assert len(rig.executions(rule)) == 1


def test_a_message_about_an_event_that_was_purged_is_let_go(rig, bus, wait_until):
    rig.rule()
    instance = rig.instance()
    rig.store.delete(TriggerInstance, instance.id)
    rig.engine.start()
    bus.publish(TriggerOccurred(instance))
    assert wait_until(lambda: len(rig.enforcements()) == 1)
    assert wait_until(lambda: not bus._queues[RULES.name]._consumers[0].unacknowledged)


class Counting:
    """A store that keeps the calls it gets."""

    def __init__(self, store):
        self._store = store
        self.counted = []

    def __getattr__(self, name):
        method = getattr(self._store, name)
        if name not in (
            "get",
            "find",
            "insert",
            "replace",
            "update",
            "insert_many",
            "delete",
            "delete_many",
            "count",
            "distinct",
        ):
            return method

        def call(first, *arguments, **options):
            one = first[0] if isinstance(first, list) else first
            kind = one if isinstance(one, type) else type(one)
            self.counted.append(f"{name} {kind.__name__}")
            return method(first, *arguments, **options)

        return call


def test_the_price_of_an_event_does_not_depend_on_rules_for_other_triggers(store, bus, rig):
    calls = Counting(store)
    rig = Rig(store, bus, engine_store=calls)
    rig.rule()
    rig.process()
    calls.counted.clear()
    rig.process()
    few = sorted(calls.counted)
    rules = [
        Rule(
            name=f"r{n}", pack="test", enabled=True, trigger={"type": f"t.{n}", "ref": f"t.{n}"}, action={"ref": "x.y"}
        )
        for n in range(10_000)
    ]
    store.insert_many(rules)
    calls.counted.clear()
    rig.process()
    assert sorted(calls.counted) == few
    assert [call for call in few if call.split()[0] in ("insert", "replace", "update")] == [
        "insert Execution", "insert RuleEnforcement", "update TriggerInstance"
    ]  # fmt: skip
    assert len(rig.engine._matcher._ready) == 1


def test_rules_without_a_throttle_keep_no_state(rig):
    rig.rule()
    rig.process()
    assert rig.store.count(ThrottleState) == 0 and rig.store.count(Execution) == 1


@pytest.mark.parametrize("depth", [DEEPEST_PAYLOAD + 1, 5000])
def test_a_payload_that_nobody_could_read_again_is_refused(rig, depth):
    payload = "bottom"
    for _ in range(depth):
        payload = [payload]
    with pytest.raises(InvalidInput, match="payload: it is nested"):
        rig.emit(payload)
    assert rig.store.count(TriggerInstance) == 0
    assert rig.emit(payload[0] if depth == DEEPEST_PAYLOAD + 1 else {"a": 1}).status == "pending"
