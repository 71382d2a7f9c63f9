"""The whole loop in one process: a timer or a write of the datastore runs an action, whose end runs the next one."""

import pytest

from st2lite.executions.backup import BackupScheduler
from st2lite.models.execution import Execution
from st2lite.models.rule import Rule
from st2lite.models.trigger import ACTION_TRIGGER, NOTIFY_TRIGGER, TriggerInstance
from st2lite.services.actionrunner import ActionRunner
from st2lite.services.notifier import Notifier
from st2lite.services.rulesengine import RulesEngine
from st2lite.storage.contract import Equal
from tests.integration.notifications.conftest import eventually


@pytest.fixture
def running(context):
    """All services that take part."""
    services = [ActionRunner(context), Notifier(context), RulesEngine(context, empty_bus=True)]
    for service in services:
        service.start()
    yield
    for service in reversed(services):
        service.stop()


@pytest.fixture
def make_rule(context):
    def make_rule(name, trigger_type, action, parameters, criteria=None, **trigger_parameters):
        trigger = context.triggers.for_rule(trigger_type, trigger_parameters)
        context.store.insert(
            Rule(
                name=name,
                pack="test",
                enabled=True,
                trigger={"type": trigger_type, "ref": trigger.ref, "parameters": trigger_parameters},
                criteria=criteria or {},
                action={"ref": action, "parameters": parameters},
            )
        )
        return trigger

    return make_rule


def executions_of(context, rule):
    return context.store.find(Execution, (Equal("rule", rule), Equal("status", "succeeded")))


def test_a_timer_runs_an_action_and_its_end_the_next_one(context, running, make_rule):
    make_rule(
        "after", ACTION_TRIGGER, "core.noop", {}, {"trigger.action_ref": {"type": "eq", "pattern": "core.announcement"}}
    )
    timer = make_rule(
        "every_second",
        "core.st2.IntervalTimer",
        "core.announcement",
        {"message": {"text": "tick"}},
        unit="seconds",
        delta=1,
    )
    (follower, *_) = eventually(lambda: executions_of(context, "after"))
    cause = context.store.get(TriggerInstance, follower.trigger_instance["id"])
    first = context.store.get(Execution, cause.payload["execution_id"])
    assert first.rule["ref"] == "test.every_second"
    assert cause.payload["result"]["message"] == {"text": "tick"}
    fired = context.store.get(TriggerInstance, first.trigger_instance["id"])
    assert fired.trigger == timer.ref
    # One trace from the timer to the last execution.
    assert follower.trace == cause.trace == first.trace
    assert follower.trace["trace_tag"] == f"st2.IntervalTimer-{timer.name}"
    assert follower.trace["id_"] == fired.id


def test_a_write_of_the_datastore_runs_an_action_that_notifies(context, running, make_rule):
    make_rule("told", NOTIFY_TRIGGER, "core.noop", {}, {"trigger.route": {"type": "eq", "pattern": "hubot"}})
    make_rule("written", "core.st2.key_value_pair.create", "core.noop", {})
    context.keys.set("ann", "a", "1")
    eventually(lambda: executions_of(context, "written"))
    context.executions.request("core.noop", {}, "ann", notify={"on-complete": {"routes": ["hubot", "other"]}})
    eventually(lambda: executions_of(context, "told"))
    assert len(executions_of(context, "written")) == len(executions_of(context, "told")) == 1


def test_what_an_earlier_process_left_behind_is_dealt_with_before_the_rounds_begin(context, monkeypatch):
    done = []
    for name in ("start", "dispatch_lost"):
        step = getattr(BackupScheduler, name)
        monkeypatch.setattr(
            BackupScheduler,
            name,
            lambda *given, step=step, name=name, **more: (done.append(name), step(*given, **more))[1],
        )
    notifier = Notifier(context, empty_bus=True)
    notifier.start()
    notifier.stop()
    assert done[:2] == ["dispatch_lost", "start"]
