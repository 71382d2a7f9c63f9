"""st2rulesengine as a service: what belongs to it runs, and changes by others count at once."""

import pytest

from st2lite.config.load import load
from st2lite.models.action import Action, RunnerType
from st2lite.models.execution import Execution
from st2lite.models.rule import Rule
from st2lite.models.trigger import Trigger, TriggerInstance, TriggerType
from st2lite.services.announcing import AnnouncingStore
from st2lite.services.context import AppContext
from st2lite.services.rulesengine import RulesEngine
from st2lite.storage import cached
from st2lite.storage.contract import Equal
from st2lite.storage.open import open_store


@pytest.fixture
def context(tmp_path):
    overrides = {
        "database": {"host": f"sqlite://{tmp_path}/st2.db"},
        "messaging": {"url": "memory://"},
        "system": {"base_path": str(tmp_path)},
        "rulesengine": {"redispatch_after": 3600},
    }
    context = AppContext(load(None, overrides))
    context.connect()
    store = context.store
    store.insert(RunnerType(name="noop", runner_module="noop_runner"))
    store.insert(Action(name="act", pack="test", runner_type="noop"))
    store.insert(TriggerType(name="event", pack="test"))
    store.insert(Trigger(name="event", pack="test", type="test.event"))
    yield context
    context.close()


@pytest.fixture
def rule(context):
    rule = Rule(
        name="rule",
        pack="test",
        enabled=True,
        trigger={"type": "test.event", "parameters": {}, "ref": "test.event"},
        action={"ref": "test.act", "parameters": {}},
    )
    context.store.insert(rule)
    return rule


def is_processed(context, instance):
    return context.store.get(TriggerInstance, instance.id).status == "processed"


def test_events_are_enforced_and_what_waited_is_found_when_the_bus_was_empty(context, rule, wait_until):
    waiting = TriggerInstance(
        trigger="test.event", trigger_type="test.event", occurrence_time="2026-01-01T00:00:00.000000Z", payload={"a": 1}
    )
    context.store.insert(waiting)
    service = RulesEngine(context, empty_bus=True)
    service.start()
    instance = context.dispatcher.dispatch_type("test.event", {"a": 1})
    assert wait_until(lambda: is_processed(context, instance) and is_processed(context, waiting))
    service.stop()
    assert context.store.count(Execution) == 2
    assert [execution.context["user"] for execution in context.store.find(Execution)] == ["stanley", "stanley"]


def test_a_rule_that_another_process_disables_does_so_at_once(context, rule, tmp_path, monkeypatch, wait_until):
    monkeypatch.setattr(cached, "SECONDS", 3600.0)
    service = RulesEngine(context)
    service.start()
    first = context.dispatcher.dispatch_type("test.event", {})
    assert wait_until(lambda: is_processed(context, first))

    other = AnnouncingStore(open_store(f"sqlite://{tmp_path}/st2.db"), lambda: context.bus)
    theirs = other.get(Rule, rule.id)
    theirs.enabled = False
    other.replace(theirs)
    asked = (Equal("trigger", "test.event"), Equal("enabled", True))
    assert wait_until(lambda: not context.store.find(Rule, asked))

    second = context.dispatcher.dispatch_type("test.event", {})
    assert wait_until(lambda: is_processed(context, second))
    service.stop()
    other.close()
    assert context.store.count(Execution) == 1


def test_windows_of_throttled_rules_are_closed(context, rule, wait_until):
    rule.throttle = {"once_after": "0.2 s"}
    context.store.replace(rule)
    service = RulesEngine(context)
    service.start()
    context.dispatcher.dispatch_type("test.event", {})
    context.dispatcher.dispatch_type("test.event", {})
    assert wait_until(lambda: context.store.count(Execution) == 1)
    service.stop()
