"""/rules, /rules/views and /ruletypes."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from st2lite.models.rule import Rule
from st2lite.models.trigger import Trigger
from st2lite.services.context import AppContext
from st2lite.storage.contract import Equal
from tests.integration.http.conftest import USER, ApiClient

WEBHOOK = "core.st2.webhook"
NEW: dict[str, Any] = {
    "name": "alarm",
    "pack": "greetings",
    "description": "Wakes somebody up ☎.",
    "enabled": True,
    "trigger": {"type": WEBHOOK, "parameters": {"url": "alarm"}},
    "criteria": {"trigger.body.severity": {"type": "eq", "pattern": "high"}},
    "action": {"ref": "core.local", "parameters": {"cmd": "echo {{trigger.body.host}}"}},
    "tags": [{"name": "team", "value": "ops"}],
}


def create(client: ApiClient, **changes: Any) -> dict[str, Any]:
    result = client.simulate_post("/v1/rules", json={**NEW, **changes})
    assert result.status_code == 201, result.text
    made: dict[str, Any] = result.json
    return made


def refs(client: ApiClient, query: str = "") -> list[str]:
    """References of the rules that a query finds, but for those that come with the product."""
    rows = client.simulate_get("/v1/rules/", query_string=query).json
    return [row["ref"] for row in rows if row["pack"] in ("another", "greetings")]


def webhooks(client: ApiClient) -> list[str]:
    return [row["parameters"]["url"] for row in client.simulate_get("/v1/webhooks").json]


def test_creating_a_rule_makes_its_trigger(client: ApiClient) -> None:
    made = create(client)
    assert {key: made[key] for key in ("name", "pack", "description", "enabled", "criteria", "tags")} == {
        key: NEW[key] for key in ("name", "pack", "description", "enabled", "criteria", "tags")
    }
    assert (made["ref"], made["uid"]) == ("greetings.alarm", "rule:greetings:alarm")
    assert made["type"] == {"ref": "standard", "parameters": {}}
    assert made["context"] == {"user": USER}
    assert made["trigger"] == {**NEW["trigger"], "ref": made["trigger"]["ref"]}
    triggers = [row["ref"] for row in client.simulate_get("/v1/triggers").json if row["type"] == WEBHOOK]
    assert triggers == [made["trigger"]["ref"]]
    for path in ("greetings.alarm", made["id"], "greetings.alarm/"):
        assert client.simulate_get(f"/v1/rules/{path}").json == made


def test_defaults(client: ApiClient) -> None:
    body = {"name": "plain", "trigger": {"type": "core.st2.generic.actiontrigger"}, "action": {"ref": "no.such"}}
    made = client.simulate_post("/v1/rules", json=body).json
    assert (made["ref"], made["enabled"], made["criteria"]) == ("default.plain", False, {})
    assert made["trigger"]["ref"] == "core.st2.generic.actiontrigger", "a type without parameters has one trigger"
    assert made["action"] == {"ref": "no.such", "parameters": {}}, "the action may come later"


def test_a_second_one_of_the_same_name_is_a_conflict(client: ApiClient) -> None:
    made = create(client)
    changed = {**NEW, "trigger": {"type": WEBHOOK, "parameters": {"url": "another"}}}
    result = client.simulate_post("/v1/rules", json=changed)
    assert (result.status_code, result.json["conflict-id"]) == (409, made["id"])
    assert webhooks(client) == ["alarm"]


def timer(name: str, **parameters: Any) -> dict[str, Any]:
    return {"trigger": {"type": f"core.st2.{name}", "parameters": parameters}}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"name": None}, "name"),
        ({"name": "a/b"}, "name"),
        ({"pack": "not a pack"}, "pack"),
        ({"trigger": None}, "trigger"),
        ({"trigger": {"parameters": {}}}, "trigger.type"),
        ({"trigger": {"type": "no.such"}}, 'Trigger "no.such" defined in the rule does not exist in system'),
        ({"trigger": {"type": WEBHOOK}}, "url"),
        ({"trigger": {"type": WEBHOOK, "parameters": {"url": 5}}}, "url"),
        ({"trigger": {"type": WEBHOOK, "parameters": ["url"]}}, "trigger.parameters"),
        (timer("CronTimer", minute="99 * *"), "trigger.parameters.minute"),
        (timer("CronTimer", timezone="Mars/X"), 'trigger.parameters.timezone: there is no time zone "Mars/X"'),
        (timer("DateTimer", date="2026-02-30"), "trigger.parameters.date"),
        (timer("IntervalTimer", unit="weeks", delta=10**9), "trigger.parameters.delta"),
        ({"criteria": ["x"]}, "criteria"),
        ({"criteria": {"trigger.a": "x"}}, "trigger.a"),
        ({"criteria": {"trigger.a": {"type": "no-such", "pattern": "x"}}}, "no-such"),
        ({"criteria": {"trigger.a": {"type": "eq"}}}, "pattern"),
        ({"criteria": {"trigger.a": {"pattern": "x"}}}, "type"),
        ({"action": {"parameters": {}}}, "action.ref"),
        ({"action": {"ref": "core.local", "parameters": "x"}}, "action.parameters"),
        ({"type": {"ref": "no-such"}}, "no-such"),
        ({"enabled": "perhaps"}, "enabled"),
        ({"tags": "blue"}, "tags"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_bad_rules_are_refused(shared_client: ApiClient, change: dict[str, Any], text: str) -> None:
    result = shared_client.simulate_post("/v1/rules", json={**NEW, **change})
    assert result.status_code == 400
    assert text in result.json["faultstring"]
    assert refs(shared_client, "pack=greetings") == []
    assert webhooks(shared_client) == []


def test_filters_order_and_paging(client: ApiClient) -> None:
    create(client, name="b")
    create(client, name="a", enabled=False, action={"ref": "core.noop"})
    made = create(client, pack="another", name="z", trigger={"type": WEBHOOK, "parameters": {"url": "other"}})
    assert refs(client) == ["another.z", "greetings.a", "greetings.b"]
    assert refs(client, "pack=greetings") == ["greetings.a", "greetings.b"]
    assert refs(client, "action=core.noop") == ["greetings.a"]
    assert refs(client, f"trigger={made['trigger']['ref']}") == ["another.z"]
    assert refs(client, "name=z") == ["another.z"]
    assert refs(client, "pack=another") == ["another.z"]
    assert refs(client, f"id={made['id']}") == ["another.z"]
    assert refs(client, "enabled=False") == ["greetings.a"]
    assert refs(client, "enabled=True") == ["another.z", "greetings.b"]
    assert client.simulate_get("/v1/rules?enabled=maybe").status_code == 400
    page = client.simulate_get("/v1/rules/?pack=greetings&limit=1&include_attributes=trigger.ref,action.ref,enabled")
    assert [sorted(row) for row in page.json] == [["action", "enabled", "id", "ref", "trigger"]]
    assert sorted(page.json[0]["action"]) == ["ref"]
    assert (page.headers["X-Limit"], page.headers["X-Total-Count"]) == ("1", "2")


def test_secrets_are_masked_by_the_schema_of_the_action(client: ApiClient) -> None:
    action = {"ref": "core.local_sudo", "parameters": {"cmd": "true", "sudo_password": "hush"}}
    made = create(client, action=action)
    identifier = made["id"]
    assert made["action"]["parameters"] == {"cmd": "true", "sudo_password": "********"}
    for path in ("/v1/rules", "/v1/rules/views"):
        assert "hush" not in client.simulate_get(path).text
        assert "hush" not in client.simulate_get(f"{path}/{identifier}").text
    for path in ("/v1/rules", f"/v1/rules/{identifier}"):
        assert "hush" in client.simulate_get(path, query_string="show_secrets=true").text
    for path in ("/v1/rules/views", f"/v1/rules/views/{identifier}"):
        assert "hush" not in client.simulate_get(path, query_string="show_secrets=true").text
    client.simulate_put(f"/v1/rules/{identifier}", json={**made, "enabled": False})
    shown = client.simulate_get(f"/v1/rules/{identifier}", query_string="show_secrets=true").json
    assert shown["action"] == {"ref": "core.local_sudo", "parameters": action["parameters"]}, "a mask changes nothing"
    assert shown["enabled"] is False
    changed = {**action, "parameters": {"cmd": "true", "sudo_password": "new"}}
    client.simulate_put(f"/v1/rules/{identifier}", json={**made, "action": changed})
    shown = client.simulate_get(f"/v1/rules/{identifier}", query_string="show_secrets=true").json
    assert shown["action"]["parameters"]["sudo_password"] == "new"


def test_views_tell_what_action_and_trigger_are_for(client: ApiClient) -> None:
    made = create(client)
    view = client.simulate_get(f"/v1/rules/views/{made['ref']}").json
    assert view["action"]["description"] == client.simulate_get("/v1/actions/core.local").json["description"]
    definition = client.simulate_get(f"/v1/triggertypes/{WEBHOOK}").json
    assert view["trigger"]["description"] == definition["description"] != ""
    assert client.simulate_get("/v1/rules/views", query_string="pack=greetings").json == [view]
    back = client.simulate_put(f"/v1/rules/{made['id']}", json=view)
    assert (back.status_code, back.json) == (200, made), "what a view adds is ignored when it comes back"
    assert client.simulate_get("/v1/rules/views/no.such").status_code == 404


def test_its_own_output_is_accepted_back(client: ApiClient) -> None:
    made = create(client)
    changed = client.simulate_put(f"/v1/rules/{made['id']}", json={**made, "enabled": False})
    assert (changed.status_code, changed.json) == (200, {**made, "enabled": False})
    without_ref = {key: value for key, value in made.items() if key != "ref"}
    back = client.simulate_put("/v1/rules/greetings.alarm", json={**without_ref, "enabled": True})
    assert (back.status_code, back.json) == (200, made)


def test_changing_the_trigger_makes_one_and_removes_the_other(client: ApiClient) -> None:
    made = create(client)
    other = {"type": WEBHOOK, "parameters": {"url": "päth/with/slashes"}}
    changed = client.simulate_put(f"/v1/rules/{made['id']}", json={**made, "trigger": other})
    assert changed.json["trigger"]["parameters"] == other["parameters"]
    assert changed.json["trigger"]["ref"] != made["trigger"]["ref"]
    assert webhooks(client) == ["päth/with/slashes"]


def test_updates_that_cannot_be(client: ApiClient) -> None:
    made, other = create(client), create(client, name="other")
    assert client.simulate_put("/v1/rules/no.such", json=NEW).status_code == 404
    assert client.simulate_put(f"/v1/rules/{made['id']}", json={**made, "name": "other"}).status_code == 409
    bad = {**made, "trigger": {"type": "no.such"}}
    assert client.simulate_put(f"/v1/rules/{made['id']}", json=bad).status_code == 400
    assert client.simulate_get(f"/v1/rules/{made['id']}").json == made
    assert client.simulate_get(f"/v1/rules/{other['id']}").json == other


def test_the_second_of_two_updates_at_once_is_refused(client: ApiClient) -> None:
    made = create(client)
    book = client.context.rules
    first, second = book.get(made["id"]), book.get(made["id"])
    book.update(first, {**made, "description": "first"}, "me")
    with pytest.raises(Exception, match="changed by somebody else"):
        book.update(second, {**made, "trigger": {"type": WEBHOOK, "parameters": {"url": "second"}}}, "me")
    assert client.simulate_get(f"/v1/rules/{made['id']}").json["description"] == "first"
    assert webhooks(client) == ["alarm"]


def test_what_another_process_wrote_a_moment_ago_counts(client: ApiClient) -> None:
    made = create(client)
    client.context.rules.get(made["id"])
    elsewhere = AppContext(client.context.config)
    other = ApiClient(elsewhere, client.contract)
    try:
        assert other.simulate_get(f"/v1/rules/{made['id']}").json["enabled"] is True
        assert client.simulate_put(f"/v1/rules/{made['id']}", json={**made, "enabled": False}).status_code == 200
        assert other.simulate_get(f"/v1/rules/{made['id']}").json["enabled"] is False
        assert other.simulate_put(f"/v1/rules/{made['ref']}", json=made).json == made
        assert client.simulate_delete(f"/v1/rules/{made['ref']}").status_code == 204
        assert other.simulate_get(f"/v1/rules/{made['ref']}").status_code == 404
    finally:
        elsewhere.close()


def test_rules_with_equal_parameters_share_a_trigger(client: ApiClient) -> None:
    first, second = create(client), create(client, name="second", enabled=False)
    assert first["trigger"] == second["trigger"]
    assert webhooks(client) == ["alarm"]
    assert client.simulate_delete(f"/v1/rules/{first['id']}").status_code == 204
    assert webhooks(client) == ["alarm"], "a disabled rule still listens"
    assert client.simulate_delete("/v1/rules/greetings.second").status_code == 204
    assert webhooks(client) == []
    assert client.simulate_delete("/v1/rules/greetings.second").status_code == 404


def test_rules_that_come_and_go_at_once_leave_no_rule_without_its_trigger(client: ApiClient) -> None:
    book, store = client.context.rules, client.context.store
    start = threading.Barrier(4)
    failures: list[Exception] = []

    def come_and_go(number: int) -> None:
        start.wait()
        try:
            for turn in range(15):
                rule = book.create({**NEW, "name": f"rule-{number}-{turn}"}, "me")
                if turn < 14:
                    book.delete(rule)
        except Exception as error:  # pragma: no cover - reported below
            failures.append(error)

    threads = [threading.Thread(target=come_and_go, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    left = store.find(Rule, (Equal("pack", "greetings"),))
    assert len(left) == 4
    assert [trigger.ref for trigger in store.find(Trigger, (Equal("webhook", "alarm"),))] == [left[0].trigger["ref"]]
    for rule in left:
        book.delete(rule)
    assert webhooks(client) == []


def test_types_of_rules(client: ApiClient) -> None:
    rows = client.simulate_get("/v1/ruletypes/").json
    assert [row["name"] for row in rows] == ["standard", "backstop"]
    assert client.simulate_get(f"/v1/ruletypes/{rows[1]['id']}").json == rows[1]
    assert client.simulate_get("/v1/ruletypes/standard").status_code == 404
