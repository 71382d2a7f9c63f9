"""Notifications and action triggers: payloads, routes, templates, traces, and that each is emitted once."""

import json

import msgspec
import pytest

from st2lite.config.schema import ActionSensor
from st2lite.executions.events import INLINE_RESULT
from st2lite.models.action import Action
from st2lite.models.nesting import MOST_LEVELS
from st2lite.models.timestamps import to_datetime
from st2lite.models.trigger import ACTION_TRIGGER, NOTIFY_TRIGGER
from st2lite.services.notifier import handlers
from st2lite.storage.contract import Equal, find_one


@pytest.fixture
def after(context):
    """Do what follows from the end of an execution."""

    def after(execution):
        for handler in handlers(context):
            handler(execution)

    return after


def test_a_notification_carries_what_stackstorm_sends(request_execution, end, after, instances):
    notify = {"on-complete": {"routes": ["slack"], "message": "Look", "data": {"user": "ann"}}}
    execution = end(request_execution(notify=notify), result={"stdout": "hello"})
    after(execution)
    (instance,) = instances(NOTIFY_TRIGGER)
    assert instance.trigger_type == NOTIFY_TRIGGER
    assert instance.payload == {
        "execution_id": execution.id,
        "status": "succeeded",
        "start_timestamp": execution.start_timestamp.replace("Z", "+00:00"),
        "end_timestamp": execution.end_timestamp.replace("Z", "+00:00"),
        "action_ref": "core.local",
        "runner_ref": "local-shell-cmd",
        "route": "slack",
        "channel": "slack",
        "message": "Look",
        "data": {"user": "ann", "result": '{"stdout":"hello"}'},
    }
    assert instance.trace_context == {"id_": execution.id, "trace_tag": f"execution-{execution.liveaction_id}"}
    assert instance.caused_by == {"type": "action_execution", "id": execution.id}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("succeeded", {"Action core.local completed.", "Action core.local succeeded."}),
        ("failed", {"Action core.local completed.", "Action core.local failed."}),
        ("timeout", {"Action core.local completed.", "Action core.local failed."}),
        ("abandoned", {"Action core.local completed.", "Action core.local failed."}),
        ("canceled", {"Action core.local completed."}),
    ],
)
def test_blocks_apply_by_status_and_have_default_messages(request_execution, end, after, instances, status, expected):
    blocks = {event: {"routes": ["r"]} for event in ("on-complete", "on-success", "on-failure")}
    after(end(request_execution(notify=blocks), status))
    assert {instance.payload["message"] for instance in instances(NOTIFY_TRIGGER)} == expected


def test_each_route_gets_one_and_channels_are_their_older_name(request_execution, end, after, instances):
    notify = {"on-success": {"routes": ["a", "b", "a", None]}, "on-complete": {"channels": ["c"]}}
    execution = end(request_execution(notify=notify))
    after(execution)
    after(execution)
    assert sorted(instance.payload["route"] for instance in instances(NOTIFY_TRIGGER)) == ["a", "b", "c"]


def test_the_notify_block_of_an_action_wins_over_that_of_the_request(context, request_execution, end, after, instances):
    action = find_one(context.store, Action, Equal("ref", "core.local"))
    action.notify = {"on-complete": {"routes": ["of the action"]}}
    context.store.replace(action)
    after(end(request_execution(notify={"on-complete": {"routes": ["of the request"]}})))
    assert [instance.payload["route"] for instance in instances(NOTIFY_TRIGGER)] == ["of the action"]


def test_message_and_data_are_templates(context, request_execution, end, after, instances):
    context.keys.set("stanley", "greeting", "Hi")
    notify = {
        "on-success": {
            "routes": ["r"],
            "message": "{{ st2kv.system.greeting }}: {{ action_parameters.cmd }} of {{ action_context.user }}",
            "data": {"out": "{{ action_results.stdout }}", "as_it_is": [1, True]},
        }
    }
    after(end(request_execution(notify=notify), result={"stdout": "12 %"}))
    (instance,) = instances(NOTIFY_TRIGGER)
    assert instance.payload["message"] == "Hi: date of stanley"
    assert instance.payload["data"] == {"out": "12 %", "as_it_is": [1, True], "result": '{"stdout":"12 %"}'}


def test_what_cannot_be_rendered_is_sent_as_it_was_written(request_execution, end, after, instances, caplog):
    notify = {"on-success": {"routes": ["r"], "message": "{{ nothing.of.the.kind }}", "data": {"a": "b"}}}
    after(end(request_execution(notify=notify)))
    (instance,) = instances(NOTIFY_TRIGGER)
    assert instance.payload["message"] == "{{ nothing.of.the.kind }}"
    assert instance.payload["data"]["a"] == "b"
    assert "message" in caplog.text


def test_large_results_are_read_from_the_store_and_the_largest_left_there(request_execution, end, after, instances):
    notify = {"on-success": {"routes": ["r"]}}
    large = end(request_execution(notify=notify), result={"stdout": "x" * INLINE_RESULT})
    assert not large.result
    after(large)
    huge = end(request_execution(notify=notify), result={"stdout": "x" * 7_000_000})
    after(huge)
    first, second = (json.loads(each.payload["data"]["result"]) for each in instances(NOTIFY_TRIGGER))
    assert len(first["stdout"]) == INLINE_RESULT
    assert "read it from the execution" in second["error"]


@pytest.mark.parametrize("depth", [MOST_LEVELS + 1, 900])
def test_a_result_that_is_nested_too_deep_is_left_in_the_execution(
    request_execution, end, after, listen, instances, depth
):
    listen(ACTION_TRIGGER)
    after(end(request_execution(), result=msgspec.Raw(b"[" * depth + b"]" * depth)))
    (instance,) = instances(ACTION_TRIGGER)
    assert "levels deep: read it from the execution" in instance.payload["result"]["error"]


def test_nothing_is_stored_when_nobody_asked(request_execution, end, after, instances):
    after(end(request_execution()))
    assert instances(NOTIFY_TRIGGER) == instances(ACTION_TRIGGER) == []


def test_an_action_trigger_tells_how_an_execution_ended(request_execution, end, after, listen, instances):
    listen(ACTION_TRIGGER)
    execution = end(request_execution(), "failed", {"stderr": "no", "return_code": 1})
    after(execution)
    after(execution)
    (instance,) = instances(ACTION_TRIGGER)
    assert instance.payload == {
        "execution_id": execution.id,
        "status": "failed",
        "start_timestamp": str(to_datetime(execution.start_timestamp)),
        "action_name": "core.local",
        "action_ref": "core.local",
        "runner_ref": "local-shell-cmd",
        "parameters": {"cmd": "date"},
        "result": {"stderr": "no", "return_code": 1},
    }
    assert instance.caused_by == {"type": "action_execution", "id": execution.id}


def test_secret_parameters_are_masked_in_an_action_trigger(request_execution, end, after, listen, instances):
    listen(ACTION_TRIGGER)
    after(end(request_execution(parameters={"cmd": "date", "sudo_password": "open sesame"})))
    (instance,) = instances(ACTION_TRIGGER)
    assert instance.payload["parameters"] == {"cmd": "date", "sudo_password": "********"}


def test_a_rule_that_is_disabled_does_not_listen(request_execution, end, after, listen, instances):
    listen(ACTION_TRIGGER, enabled=False)
    after(end(request_execution()))
    assert instances(ACTION_TRIGGER) == []


def test_a_rule_counts_from_the_moment_it_is_written(context, request_execution, end, listen, instances):
    follow = handlers(context)

    def after(execution):
        for handler in follow:
            handler(execution)

    after(end(request_execution()))
    rule = listen(ACTION_TRIGGER)
    after(end(request_execution()))
    assert len(instances(ACTION_TRIGGER)) == 1
    rule.enabled = False
    context.store.replace(rule)
    after(end(request_execution()))
    assert len(instances(ACTION_TRIGGER)) == 1


def test_the_configuration_says_which_ends_are_told(open_context, request_execution, end, listen, instances):
    listen(ACTION_TRIGGER)
    for options, status, expected in (
        (ActionSensor(emit_when=["failed"]), "succeeded", 0),
        (ActionSensor(emit_when=["failed"]), "failed", 1),
        (ActionSensor(enable=False), "failed", 1),
    ):
        execution = end(request_execution(), status)
        for handler in handlers(open_context(action_sensor=options)):
            handler(execution)
        assert len(instances(ACTION_TRIGGER)) == expected


def test_an_instance_joins_the_trace_of_its_execution(request_execution, end, after, listen, instances):
    listen(ACTION_TRIGGER)
    execution = request_execution(context={"trace_context": {"trace_tag": "mine"}})
    after(end(execution))
    assert instances(ACTION_TRIGGER)[0].trace_context == {"id_": execution.id, "trace_tag": "mine"}
