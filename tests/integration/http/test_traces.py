"""/traces: put together from executions, trigger instances and enforcements."""

from __future__ import annotations

from typing import Any

import pytest

from st2lite.executions.requests import Cause
from st2lite.models.execution import Execution
from st2lite.models.ids import derived_id, new_id
from st2lite.models.rule import RuleEnforcement
from st2lite.models.timestamps import now
from st2lite.models.trigger import TriggerInstance
from tests.integration.http.conftest import ApiClient

RULE = "65f0aa0000000000000000f1"


def trace(client: ApiClient, identifier: str, **params: Any) -> dict[str, Any]:
    result = client.simulate_get(f"/v1/traces/{identifier}", params=params)
    assert result.status_code == 200, result.text
    view: dict[str, Any] = result.json
    return view


def ids(client: ApiClient, query: str = "") -> list[str]:
    result = client.simulate_get("/v1/traces/", query_string=query)
    assert result.status_code == 200, result.text
    return [row["id"] for row in result.json]


def members(view: dict[str, Any], name: str) -> list[tuple[str, dict[str, Any]]]:
    return [(part["object_id"], part["caused_by"]) for part in view[name]]


def happen(client: ApiClient, trace_context: dict[str, Any] | None = None, **more: Any) -> TriggerInstance:
    payload = {"id": new_id(), "route": ""}
    return client.context.dispatcher.dispatch_type("core.st2.generic.inquiry", payload, trace_context, **more)


def enforce(client: ApiClient, event: TriggerInstance, rule: str = RULE) -> Execution:
    """Do what the rules engine does when a rule matches."""
    cause = Cause(rule={"id": rule, "name": "default.r"}, trigger_instance={"id": event.id})
    execution = client.context.executions.request(
        "core.noop", {}, "stanley", {"trace_context": event.trace}, cause=cause, identifier=derived_id(event.id, rule)
    )
    enforcement = RuleEnforcement(
        id=derived_id(event.id, rule, "enforcement"),
        trigger_instance_id=event.id,
        rule={"id": rule, "ref": "default.r", "uid": "rule:default:r"},
        enforced_at=now(),
        execution_id=execution.id,
    )
    client.context.store.insert(enforcement)
    return execution


def test_a_bare_execution_is_a_trace(client: ApiClient) -> None:
    identifier = client.run()
    view = client.fetch(identifier)
    assert trace(client, identifier) == {
        "id": identifier,
        "uid": f"trace:{identifier}",
        "trace_tag": f"execution-{view['liveaction']['id']}",
        "start_timestamp": view["start_timestamp"],
        "trigger_instances": [],
        "rules": [],
        "action_executions": [
            {
                "object_id": identifier,
                "ref": "core.noop",
                "updated_at": view["start_timestamp"],
                "caused_by": {},
            }
        ],
    }


def test_from_an_event_over_rules_and_children_to_the_next_event(client: ApiClient) -> None:
    event = happen(client, {"trace_tag": "störm"})
    first, second = enforce(client, event), enforce(client, event, "65f0aa0000000000000000f2")
    child = client.run(context={"parent": {"execution_id": first.id}})
    again = client.simulate_post(f"/v1/executions/{child}/re_run").json["id"]
    client.run()
    after = happen(client, first.trace, caused_by={"type": "action_execution", "id": first.id})
    third = enforce(client, after)
    view = trace(client, event.id)
    assert (view["trace_tag"], view["start_timestamp"]) == ("störm", event.occurrence_time)
    assert members(view, "trigger_instances") == [
        (event.id, {}),
        (after.id, {"type": "action_execution", "id": first.id}),
    ]
    assert members(view, "rules") == [
        (RULE, {"type": "trigger_instance", "id": event.id}),
        ("65f0aa0000000000000000f2", {"type": "trigger_instance", "id": event.id}),
        (RULE, {"type": "trigger_instance", "id": after.id}),
    ]
    assert members(view, "action_executions") == [
        (first.id, {"type": "rule", "id": f"{RULE}:{event.id}"}),
        (second.id, {"type": "rule", "id": f"65f0aa0000000000000000f2:{event.id}"}),
        (child, {"type": "action_execution", "id": first.id}),
        (again, {"type": "action_execution", "id": child}),
        (third.id, {"type": "rule", "id": f"{RULE}:{after.id}"}),
    ]
    assert view["rules"][0]["ref"] == "default.r"
    moments = [view[name][0]["updated_at"] for name in ("trigger_instances", "rules", "action_executions")]
    assert moments == sorted(moments), "clients order by these, and causes come first"
    assert view["trigger_instances"][0]["ref"] == "core.st2.generic.inquiry"
    for member in (child, third.id, after.id):
        assert client.simulate_get(f"/v1/traces/{member}").status_code == 404, "only what began a trace names it"


def test_joining_a_trace_by_its_id(client: ApiClient) -> None:
    first = client.run(context={"trace_context": {"trace_tag": "release"}})
    second = client.run(context={"trace_context": {"id_": first}})
    assert client.fetch(second)["context"]["trace_context"] == {"id_": first, "trace_tag": "release"}
    assert [part["object_id"] for part in trace(client, first)["action_executions"]] == [first, second]
    for unknown in (second, new_id(), "nothing"):
        body = {"action": "core.noop", "context": {"trace_context": {"id_": unknown}}}
        result = client.simulate_post("/v1/executions", json=body)
        assert result.status_code == 400
        assert f'no trace with id "{unknown}"' in result.json["faultstring"]


def test_the_list_is_newest_first_and_pages_over_both_kinds(client: ApiClient) -> None:
    begun = [(client.run() if number % 2 else happen(client).id) for number in range(7)]
    client.run(context={"parent": {"execution_id": begun[1]}})
    begun.reverse()
    assert ids(client) == begun
    assert ids(client, "sort_desc=True&limit=50") == begun
    assert ids(client, "sort_asc=True") == ids(client, "sort=start_timestamp") == begun[::-1]
    assert ids(client, "limit=3") == begun[:3]
    assert ids(client, "limit=3&offset=2") == begun[2:5]
    assert ids(client, "limit=-1&offset=5") == begun[5:]
    assert ids(client, "sort_asc=True&limit=2&offset=1") == begun[::-1][1:3]
    page = client.simulate_get("/v1/traces", query_string="limit=2&include_attributes=trace_tag")
    assert [sorted(row) for row in page.json] == [["id", "trace_tag"]] * 2
    assert (page.headers["X-Limit"], page.headers["X-Total-Count"]) == ("2", "7")
    assert client.simulate_get("/v1/traces", query_string="limit=0").status_code == 400


def test_filters(client: ApiClient) -> None:
    event, other = happen(client, {"trace_tag": "storm"}), happen(client)
    execution = enforce(client, event)
    enforce(client, other)
    tagged = client.run(context={"trace_context": {"trace_tag": "storm"}})
    bare = client.run()
    tag = trace(client, bare)["trace_tag"]
    assert ids(client, "trace_tag=storm") == [tagged, event.id]
    assert ids(client, "trace_tag=storm&limit=1&offset=1&sort_desc=True") == [event.id]
    assert ids(client, f"trace_tag={tag}") == [bare]
    assert ids(client, f"trace_tag=trigger_instance-{other.id}") == [other.id]
    assert ids(client, f"trace_tag=trigger_instance-{event.id}") == [], "that one was given another tag"
    assert ids(client, "trace_tag=calm") == ids(client, "trace_tag=execution-x") == []
    assert ids(client, f"execution={execution.id}") == [event.id]
    assert ids(client, f"execution={bare}") == [bare]
    assert ids(client, f"trigger_instance={event.id}") == [event.id]
    assert ids(client, f"id={event.id},{bare}") == [bare, event.id]
    for name in ("execution", "trigger_instance", "rule", "id"):
        assert ids(client, f"{name}={new_id()}") == ids(client, f"{name}=nothing") == []
    assert ids(client, f"rule={RULE}") == [other.id, event.id]
    assert ids(client, f"rule={RULE}&sort_asc=True&limit=1") == [event.id]
    assert ids(client, f"rule={RULE}&trace_tag=storm") == [event.id]
    assert ids(client, f"execution={execution.id}&trace_tag=calm") == []
    assert ids(client, f"execution={execution.id}&trigger_instance={other.id}") == []


def test_a_trace_ends_with_what_began_it(client: ApiClient) -> None:
    event = happen(client)
    execution = enforce(client, event)
    client.context.store.delete(TriggerInstance, event.id)
    assert client.simulate_get(f"/v1/traces/{event.id}").status_code == 404
    assert ids(client) == ids(client, f"execution={execution.id}") == ids(client, f"rule={RULE}") == []


@pytest.mark.parametrize("attributes", [["rules"], ["action_executions", "trigger_instances"]])
def test_attributes(client: ApiClient, attributes: list[str]) -> None:
    identifier = client.run()
    view = trace(client, identifier, include_attributes=",".join(attributes))
    assert sorted(view) == sorted(["id", *attributes])


def test_webhooks_and_repetitions_begin_traces(client: ApiClient) -> None:
    rule = {"name": "r", "action": {"ref": "core.noop"}}
    rule["trigger"] = {"type": "core.st2.webhook", "parameters": {"url": "a"}}
    client.simulate_post("/v1/rules", json=rule)
    client.simulate_post("/v1/webhooks/a", json={}, headers={"St2-Trace-Tag": "mine"})
    (first,) = client.simulate_get("/v1/traces/", query_string="trace_tag=mine").json
    assert [part["object_id"] for part in first["trigger_instances"]] == [first["id"]]
    client.simulate_post(f"/v1/triggerinstances/{first['id']}/re_emit", json=None)
    assert len(ids(client)) == 2
