"""/policies, /policytypes and /service_registry."""

from __future__ import annotations

import time
from typing import Any

import pytest

from st2lite.config.schema import Config, Messaging
from st2lite.models.service import ServiceMember
from st2lite.services.membership import Membership
from tests.integration.http.conftest import ApiClient
from tests.openapi_contract import Contract

LIMIT = {
    "name": "few",
    "pack": "examples",
    "resource_ref": "core.local",
    "policy_type": "action.concurrency",
    "parameters": {"threshold": 2},
}


@pytest.fixture
def limit(client: ApiClient) -> dict[str, Any]:
    result = client.simulate_post("/v1/policies", json=LIMIT)
    assert result.status_code == 201, result.text
    created: dict[str, Any] = result.json
    return created


def test_a_policy_lives(client: ApiClient, limit: dict[str, Any]) -> None:
    assert (limit["ref"], limit["uid"], limit["enabled"]) == ("examples.few", "policy:examples:few", True)
    assert limit["parameters"] == {"threshold": 2, "action": "delay"}
    assert client.simulate_get("/v1/policies/examples.few").json == limit
    assert client.simulate_get(f"/v1/policies/{limit['id']}").json == limit
    changed = {**limit, "enabled": False, "parameters": {"threshold": 3, "action": "cancel"}}
    result = client.simulate_put("/v1/policies/examples.few", json=changed)
    assert (result.status_code, result.json) == (200, changed)
    assert client.simulate_delete("/v1/policies/examples.few").status_code == 204
    for method in ("GET", "PUT", "DELETE"):
        assert client.simulate_request(method, "/v1/policies/examples.few", json=limit).status_code == 404


def test_the_list_and_its_filters(client: ApiClient, limit: dict[str, Any]) -> None:
    again = {"name": "again", "resource_ref": "core.remote", "policy_type": "action.retry"}
    again["parameters"] = {"retry_on": "timeout"}  # type: ignore[assignment]
    assert client.simulate_post("/v1/policies", json=again).json["ref"] == "default.again"

    def refs(query: str = "") -> list[str]:
        return [row["ref"] for row in client.simulate_get("/v1/policies", query_string=query).json]

    assert refs() == ["default.again", "examples.few"]
    assert refs("resource_ref=core.local") == ["examples.few"]
    assert refs("policy_type=action.retry") == ["default.again"]
    assert refs("pack=examples") == refs("name=few") == ["examples.few"]
    assert refs("limit=1&offset=1") == ["examples.few"]
    row = client.simulate_get("/v1/policies", query_string="include_attributes=enabled&name=few").json[0]
    assert sorted(row) == ["enabled", "id", "ref"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"policy_type": "action.quota"}, 'policy_type "action.quota" does not exist'),
        ({"parameters": {"threshold": 0}}, "minimum of 1"),
        ({"parameters": {}}, "'threshold' is a required property"),
        ({"resource_ref": None}, "resource_ref has to be given"),
        ({"pack": "core"}, "system level packs"),
        ({"pack": 7}, "pack: has to be the name of a pack"),
        ({"pack": "a.b"}, "pack: has to be the name of a pack"),
    ],
)
def test_mistakes_are_told(client: ApiClient, change: dict[str, object], text: str) -> None:
    result = client.simulate_post("/v1/policies", json={**LIMIT, **change})
    assert result.status_code == 400
    assert text in result.json["faultstring"]


def test_a_name_is_taken_once(client: ApiClient, limit: dict[str, Any]) -> None:
    result = client.simulate_post("/v1/policies", json=LIMIT)
    assert (result.status_code, result.json["conflict-id"]) == (409, limit["id"])


def test_limits_need_something_to_agree_on_locks_with(client: ApiClient, contract: Contract) -> None:
    from st2lite.http.api_app import create_api_app

    del client.context.locks
    client.context.__dict__["config"] = Config(messaging=Messaging(url="amqp://127.0.0.1:1//"))
    client.app = create_api_app(client.context)
    result = client.simulate_post("/v1/policies", json=LIMIT)
    assert result.status_code == 400
    assert "set url in section [coordination] of st2.conf" in result.json["faultstring"]
    assert client.simulate_post("/v1/policies", json={**LIMIT, "enabled": False}).status_code == 201
    assert client.simulate_put("/v1/policies/examples.few", json=LIMIT).status_code == 400


def test_policy_types(client: ApiClient) -> None:
    rows = client.simulate_get("/v1/policytypes").json
    assert [row["ref"] for row in rows] == ["action.concurrency", "action.concurrency.attr", "action.retry"]
    assert client.simulate_get("/v1/policytypes/action.concurrency.attr").json == rows[1]
    assert client.simulate_get(f"/v1/policytypes/{rows[2]['id']}").json == rows[2]
    assert client.simulate_get("/v1/policytypes", query_string="resource_type=rule").json == []
    assert len(client.simulate_get("/v1/policytypes", query_string="resource_type=action&limit=2").json) == 2
    assert len(client.simulate_get("/v1/policytypes", query_string=f"id={rows[0]['id']}").json) == 1
    assert client.simulate_get("/v1/policytypes/action.quota").status_code == 404


def test_the_registry_shows_who_lives(client: ApiClient) -> None:
    store = client.context.store
    assert client.simulate_get("/v1/service_registry/groups").json == {"groups": []}
    alive = Membership(client.context, {"st2api": ("127.0.0.1", 9101), "st2timersengine": None}, pid=77)
    alive.renew()
    dead = Membership(client.context, {"st2notifier": None}, pid=78, clock=lambda: time.time() - 3600)
    dead.renew()
    assert client.simulate_get("/v1/service_registry/groups").json == {"groups": ["api", "timer_engine"]}
    (member,) = client.simulate_get("/v1/service_registry/groups/api/members").json["members"]
    host = member["capabilities"]["hostname"]
    assert member == {
        "group_id": "api",
        "member_id": f"{host}_77",
        "capabilities": {
            "hostname": host, "pid": 77, "name": "api", "type": "active",
            "listen_host": "127.0.0.1", "listen_port": 9101,
        },
    }  # fmt: skip
    assert client.simulate_get("/v1/service_registry/groups/notifier/members").status_code == 404
    alive.start()
    alive.stop()
    assert [member.group for member in store.find(ServiceMember)] == ["notifier"]
