"""/triggertypes, /triggers, /triggerinstances and /timers."""

from __future__ import annotations

from typing import Any

import pytest

from st2lite.messaging.contract import RULES
from st2lite.models.trigger import PROCESSED, TriggerInstance
from tests.integration.http.conftest import ApiClient

NEW: dict[str, Any] = {
    "name": "disk.full",
    "pack": "greetings",
    "description": "Voll ☹.",
    "payload_schema": {"type": "object", "properties": {"host": {"type": "string"}}, "additionalProperties": False},
    "tags": [{"name": "team", "value": "ops"}],
}


def create(client: ApiClient, **changes: Any) -> dict[str, Any]:
    result = client.simulate_post("/v1/triggertypes", json={**NEW, **changes})
    assert result.status_code == 201, result.text
    made: dict[str, Any] = result.json
    return made


def triggers(client: ApiClient, kind: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.simulate_get("/v1/triggers/", query_string=f"type={kind}").json
    return rows


def emit(client: ApiClient, count: int = 1, **payload: Any) -> list[TriggerInstance]:
    dispatcher = client.context.dispatcher
    return [dispatcher.dispatch_type("greetings.disk.full", payload) for _ in range(count)]


def test_types_of_the_product(client: ApiClient) -> None:
    result = client.simulate_get("/v1/triggertypes/?pack=core")
    names = [row["ref"] for row in result.json]
    assert names == sorted(names)
    assert {"core.st2.webhook", "core.st2.IntervalTimer", "core.st2.generic.actiontrigger"} <= set(names)
    assert result.headers["X-Total-Count"] == str(len(names))
    page = client.simulate_get("/v1/triggertypes/?limit=2&offset=1&sort=-name&include_attributes=pack")
    assert ([sorted(row) for row in page.json], page.headers["X-Limit"]) == ([["id", "pack", "ref"]] * 2, "2")
    definition = client.simulate_get("/v1/triggertypes/core.st2.webhook").json
    assert client.simulate_get(f"/v1/triggertypes/{definition['id']}").json == definition
    for method, body in (("PUT", definition), ("DELETE", None)):
        result = client.simulate_request(method, "/v1/triggertypes/core.st2.webhook", json=body)
        assert result.status_code == 400
        assert "system level packs" in result.json["faultstring"]
    assert client.simulate_post("/v1/triggertypes", json={**NEW, "pack": "core"}).status_code == 400


def test_a_type_without_parameters_comes_and_goes_with_its_trigger(client: ApiClient) -> None:
    made = create(client)
    assert (made["ref"], made["uid"]) == ("greetings.disk.full", "trigger_type:greetings:disk.full")
    assert [row["ref"] for row in triggers(client, made["ref"])] == ["greetings.disk.full"]
    assert client.simulate_delete("/v1/triggertypes/greetings.disk.full").status_code == 204
    assert triggers(client, made["ref"]) == []
    assert client.simulate_get("/v1/triggertypes/greetings.disk.full").status_code == 404
    assert client.simulate_delete("/v1/triggertypes/greetings.disk.full").status_code == 404
    create(client, parameters_schema={"type": "object", "properties": {"path": {"type": "string"}}})
    assert triggers(client, made["ref"]) == []


def test_changing_a_type(client: ApiClient) -> None:
    made = create(client)
    assert client.simulate_post("/v1/triggertypes", json=NEW).json["conflict-id"] == made["id"]
    back = client.simulate_put(f"/v1/triggertypes/{made['id']}", json=made)
    assert (back.status_code, back.json) == (200, made)
    changed = client.simulate_put("/v1/triggertypes/greetings.disk.full", json={**made, "name": "disk.empty"}).json
    assert (changed["id"], changed["ref"]) == (made["id"], "greetings.disk.empty")
    assert [row["ref"] for row in client.simulate_get("/v1/triggers").json if row["pack"] == "greetings"] == [
        "greetings.disk.empty"
    ]
    assert client.simulate_put("/v1/triggertypes/no.such", json=NEW).status_code == 404


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"name": None}, "name"),
        ({"payload_schema": "x"}, "payload_schema"),
        ({"payload_schema": {"type": "colour"}}, "payload_schema"),
        ({"parameters_schema": {"properties": {"a": 5}}}, "parameters_schema"),
        ({"tags": [5]}, "tags"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_bad_types_are_refused(shared_client: ApiClient, change: dict[str, Any], text: str) -> None:
    result = shared_client.simulate_post("/v1/triggertypes", json={**NEW, **change})
    assert result.status_code == 400
    assert text in result.json["faultstring"]


def test_triggers_by_themselves(client: ApiClient) -> None:
    body = {"type": "core.st2.webhook", "parameters": {"url": "/alarm/"}}
    made = client.simulate_post("/v1/triggers", json=body).json
    assert (made["type"], made["pack"], made["parameters"]) == ("core.st2.webhook", "core", {"url": "/alarm/"})
    assert made["uid"].startswith(f"trigger:core:{made['name']}:")
    again = client.simulate_post("/v1/triggers", json={**body, "name": "ignored"})
    assert (again.status_code, again.json) == (201, made), "one for equal parameters"
    assert client.simulate_get(f"/v1/triggers/{made['id']}/").json == made
    changed = client.simulate_put(f"/v1/triggers/{made['id']}", json={**made, "parameters": {"url": "x"}}).json
    assert changed["parameters"] == {"url": "x"}
    assert changed["ref"] == made["ref"]
    assert client.simulate_put(f"/v1/triggers/{made['id']}", json={**made, "parameters": {}}).status_code == 400
    assert client.simulate_delete(f"/v1/triggers/{made['id']}").status_code == 204
    for path in (made["id"], made["ref"]):
        assert client.simulate_get(f"/v1/triggers/{path}").status_code == 404
    create(client)
    named = client.simulate_post("/v1/triggers", json={"type": "greetings.disk.full", "pack": "mine", "name": "n"})
    assert named.json["ref"] == "mine.n"
    assert client.simulate_post("/v1/triggers", json={"type": "no.such"}).status_code == 400
    assert client.simulate_post("/v1/triggers", json={}).status_code == 400


def test_what_happened_newest_first(client: ApiClient) -> None:
    create(client)
    first, second, third = emit(client, 3, host="wéb")
    first.status = PROCESSED
    client.context.store.replace(first)
    found = client.simulate_get("/v1/triggerinstances/?limit=50")
    assert [row["id"] for row in found.json] == [third.id, second.id, first.id]
    assert found.json[0] == {
        "id": third.id,
        "occurrence_time": third.occurrence_time,
        "payload": {"host": "wéb"},
        "trigger": "greetings.disk.full",
        "status": "pending",
    }
    assert client.simulate_get(f"/v1/triggerinstances/{first.id}").json["status"] == "processed"

    def ids(**query: str) -> list[str]:
        return [row["id"] for row in client.simulate_get("/v1/triggerinstances/", params=query).json]

    assert ids(status="processed") == [first.id]
    assert ids(trigger="greetings.disk.full", limit="1") == [third.id]
    assert ids(trigger_type="no.such") == ids(trigger="no.such") == []
    assert ids(timestamp_gt=second.occurrence_time) == [third.id]
    assert ids(timestamp_lt=second.occurrence_time) == [first.id]
    assert ids(sort="timestamp", limit="1", offset="1") == [second.id]
    assert client.simulate_get("/v1/triggerinstances?timestamp_gt=yesterday").status_code == 400
    row = client.simulate_get("/v1/triggerinstances/?include_attributes=id,trigger,occurrence_time,status").json[0]
    assert sorted(row) == ["id", "occurrence_time", "status", "trigger"]
    page = client.simulate_get("/v1/triggerinstances?limit=1")
    assert (page.headers["X-Limit"], page.headers["X-Total-Count"]) == ("1", "3")
    for unknown in ("65f0aa0000000000000000ff", "nothing"):
        assert client.simulate_get(f"/v1/triggerinstances/{unknown}").status_code == 404


@pytest.mark.parametrize("body", [b"null", b"", b"{}"])
def test_letting_it_happen_once_more(client: ApiClient, body: bytes) -> None:
    create(client)
    (original,) = emit(client, host="web1")
    received: list[Any] = []
    consumer = client.context.bus.consume(RULES, lambda message, done: (received.append(message), done()), prefetch=1)
    result = client.simulate_post(
        f"/v1/triggerinstances/{original.id}/re_emit", body=body, headers={"Content-Type": "application/json"}
    )
    assert result.status_code == 200
    assert result.json == {
        "message": f"Trigger instance {original.id} succesfully re-sent.",
        "payload": {"host": "web1", "__context": {"original_id": original.id}},
    }
    newest = client.simulate_get("/v1/triggerinstances?limit=1").json[0]
    assert (newest["payload"], newest["status"]) == (result.json["payload"], "pending")
    assert newest["id"] != original.id
    consumer.stop()
    assert client.simulate_post("/v1/triggerinstances/nothing/re_emit").status_code == 404


def test_what_no_rule_listens_for_any_more_cannot_happen_again(client: ApiClient) -> None:
    create(client)
    (original,) = emit(client)
    client.simulate_delete("/v1/triggertypes/greetings.disk.full")
    result = client.simulate_post(f"/v1/triggerinstances/{original.id}/re_emit", json=None)
    assert result.status_code == 400
    assert "gone" in result.json["faultstring"]


def test_timers(client: ApiClient) -> None:
    assert client.simulate_get("/v1/timers").json == []
    kinds = {
        "core.st2.IntervalTimer": {"unit": "seconds", "delta": 5},
        "core.st2.CronTimer": {"hour": 5, "timezone": "Europe/Berlin"},
    }
    made = {}
    for kind, parameters in kinds.items():
        rule = {"name": kind, "action": {"ref": "core.noop"}, "trigger": {"type": kind, "parameters": parameters}}
        result = client.simulate_post("/v1/rules", json=rule)
        assert result.status_code == 201, result.text
        made[kind] = result.json["trigger"]["ref"]
    assert {row["type"]: row["ref"] for row in client.simulate_get("/v1/timers/").json} == made
    (row,) = client.simulate_get("/v1/timers/?timer_type=core.st2.CronTimer").json
    assert row["parameters"] == kinds["core.st2.CronTimer"]
    for path in (row["id"], row["ref"]):
        assert client.simulate_get(f"/v1/timers/{path}").json == row
    for unknown in ("no.such", "nothing", "core.st2.generic.actiontrigger"):
        assert client.simulate_get(f"/v1/timers/{unknown}").status_code == 404
    result = client.simulate_get("/v1/timers/?timer_type=hourglass")
    assert result.status_code == 400
    assert "core.st2.DateTimer" in result.json["faultstring"]
