"""/ruleenforcements and their views."""

from __future__ import annotations

from typing import Any

import pytest

from st2lite.models.ids import derived_id, new_id
from st2lite.models.rule import FAILED, RuleEnforcement
from st2lite.models.timestamps import now
from tests.integration.http.conftest import ApiClient

RULE = {"id": "65f0aa0000000000000000f1", "ref": "greetings.alarm", "uid": "rule:greetings:alarm"}
OTHER = {"id": "65f0aa0000000000000000f2", "ref": "greetings.other", "uid": "rule:greetings:other"}


def enforce(client: ApiClient, rule: dict[str, str] = RULE, **attributes: Any) -> RuleEnforcement:
    event = client.context.dispatcher.dispatch_type("core.st2.generic.inquiry", {"id": new_id(), "route": "wéb"})
    enforcement = RuleEnforcement(
        id=derived_id(event.id, rule["id"]), trigger_instance_id=event.id, rule=rule, enforced_at=now(), **attributes
    )
    client.context.store.insert(enforcement)
    return enforcement


def ids(client: ApiClient, **query: str) -> list[str]:
    return [row["id"] for row in client.simulate_get("/v1/ruleenforcements/", params=query).json]


def test_one_that_ran_its_action_and_one_that_did_not(client: ApiClient) -> None:
    execution = client.run("core.local", parameters={"cmd": "true"})
    good = enforce(client, execution_id=execution)
    bad = enforce(client, status=FAILED, failure_reason='Failed: "trigger.bödy" is not there.')
    view = client.simulate_get(f"/v1/ruleenforcements/{good.id}").json
    assert view == {
        "id": good.id,
        "trigger_instance_id": good.trigger_instance_id,
        "execution_id": execution,
        "rule": RULE,
        "enforced_at": good.enforced_at,
        "status": "succeeded",
    }
    assert client.simulate_get("/v1/ruleenforcements").json == [
        {
            "id": bad.id,
            "trigger_instance_id": bad.trigger_instance_id,
            "failure_reason": bad.failure_reason,
            "rule": RULE,
            "enforced_at": bad.enforced_at,
            "status": "failed",
        },
        view,
    ]
    for unknown in (new_id(), "nothing"):
        assert client.simulate_get(f"/v1/ruleenforcements/{unknown}").status_code == 404
        assert client.simulate_get(f"/v1/ruleenforcements/views/{unknown}").status_code == 404


def test_filters_order_and_paging(client: ApiClient) -> None:
    first, second, third = enforce(client, execution_id=client.run()), enforce(client), enforce(client, OTHER)
    assert ids(client) == [third.id, second.id, first.id]
    assert ids(client, rule_ref="greetings.alarm") == [second.id, first.id]
    assert ids(client, rule_id=OTHER["id"]) == [third.id]
    assert ids(client, execution=first.execution_id or "") == [first.id]
    assert ids(client, execution="null") == [third.id, second.id]
    assert ids(client, trigger_instance=second.trigger_instance_id) == [second.id]
    assert ids(client, enforced_at_gt=first.enforced_at, enforced_at_lt=third.enforced_at) == [second.id]
    assert ids(client, sort="enforced_at", limit="1") == [first.id]
    assert client.simulate_get("/v1/ruleenforcements?enforced_at_gt=soon").status_code == 400
    page = client.simulate_get("/v1/ruleenforcements?limit=2&offset=2&include_attributes=rule.ref")
    assert page.json == [{"id": first.id, "rule": {"ref": "greetings.alarm"}}]
    assert (page.headers["X-Limit"], page.headers["X-Total-Count"]) == ("2", "3")
    assert client.simulate_get("/v1/ruleenforcements").headers["X-Limit"] == "50"


def test_views_bring_event_and_execution_along(client: ApiClient) -> None:
    execution = client.run("core.local_sudo", parameters={"cmd": "true", "sudo_password": "hush"})
    good, bad = enforce(client, execution_id=execution), enforce(client, OTHER, status=FAILED, failure_reason="x")
    result = client.simulate_get("/v1/ruleenforcements/views")
    assert "hush" not in result.text
    failed, succeeded = result.json
    assert (failed["id"], failed["execution"]) == (bad.id, {})
    assert succeeded["trigger_instance"]["payload"]["route"] == "wéb"
    shown = succeeded["execution"]
    assert (shown["id"], shown["status"], shown["action"]["ref"]) == (execution, "requested", "core.local_sudo")
    assert shown["parameters"] == {"cmd": "true", "sudo_password": "********"}
    assert "runner_parameters" in shown["runner"]
    assert client.simulate_get(f"/v1/ruleenforcements/views/{good.id}").json == succeeded
    assert client.simulate_get("/v1/ruleenforcements/views", params={"rule_ref": OTHER["ref"]}).json == [failed]


@pytest.mark.parametrize("path", ["", "/views"])
def test_what_is_gone_leaves_an_empty_place(client: ApiClient, path: str) -> None:
    enforcement = RuleEnforcement(
        id=new_id(), trigger_instance_id=new_id(), rule=RULE, enforced_at=now(), execution_id=new_id()
    )
    client.context.store.insert(enforcement)
    (row,) = client.simulate_get(f"/v1/ruleenforcements{path}").json
    assert row["execution_id"] == enforcement.execution_id
    assert row.get("trigger_instance", {}) == row.get("execution", {}) == {}
