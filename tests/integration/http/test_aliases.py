"""Action aliases: keeping them, finding the one that a command means, and running it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.http.conftest import USER, ApiClient

ALIAS: dict[str, Any] = {
    "name": "shell",
    "pack": "default",
    "description": "Runs a command.",
    "action_ref": "core.local",
    "formats": [
        "run {{ cmd }}",
        {"display": "please run <cmd>", "representation": ["please run {{ cmd }}", "do {{ cmd }}"]},
    ],
}


def create(client: ApiClient, **more: Any) -> dict[str, Any]:
    answer = client.simulate_post("/v1/actionalias", json={**ALIAS, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json
    return made


def say(client: ApiClient, command: str, **more: Any) -> Any:
    body = {"command": command, "user": "ada", "source_channel": "ops", **more}
    return client.simulate_post("/v1/aliasexecution/match_and_execute", json=body)


def test_an_alias_is_kept_and_comes_back(client: ApiClient) -> None:
    made = create(client)
    assert (made["ref"], made["uid"], made["enabled"]) == ("default.shell", "action_alias:default:shell", True)
    assert client.simulate_get("/v1/actionalias/default.shell").json == made
    assert client.simulate_get(f"/v1/actionalias/{made['id']}").json == made
    rows = client.simulate_get("/v1/actionalias", params={"pack": "default", "include_attributes": "description"})
    assert [row["ref"] for row in rows.json] == ["default.shell"]
    assert rows.headers["X-Total-Count"] == "1"


def test_clients_send_back_what_they_got(client: ApiClient) -> None:
    made = create(client)
    answer = client.simulate_put(f"/v1/actionalias/{made['id']}", json={**made, "enabled": False})
    assert answer.status_code == 200, answer.text
    assert answer.json == {**made, "enabled": False}
    assert client.simulate_delete("/v1/actionalias/default.shell").status_code == 204
    assert client.simulate_get("/v1/actionalias/default.shell").status_code == 404


def test_a_name_is_taken_once(client: ApiClient) -> None:
    made = create(client)
    answer = client.simulate_post("/v1/actionalias", json=ALIAS)
    assert answer.status_code == 409
    assert answer.json["conflict-id"] == made["id"]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"formats": "run"}, "formats has to be a list"),
        ({"formats": ["run ("]}, "is not valid"),
        ({"formats": [{"show": "x"}]}, 'formats[0]: unknown attribute "show"'),
        ({"formats": [7]}, "formats[0] has to be text"),
        ({"action_ref": "local"}, "core.local"),
        ({"ack": {"text": "x"}}, 'ack: unknown attribute "text"'),
        ({"pack": None}, "pack"),
        ({"colour": "red"}, 'unknown attribute "colour"'),
    ],
)
def test_what_is_wrong_is_named(client: ApiClient, change: dict[str, Any], text: str) -> None:
    answer = client.simulate_post("/v1/actionalias", json={**ALIAS, **change})
    assert answer.status_code == 400
    assert text in answer.json["faultstring"]


def test_match(client: ApiClient) -> None:
    create(client)
    found = client.simulate_post("/v1/actionalias/match", json={"command": "do df -h"}).json
    assert (found["display"], found["representation"]) == ("please run <cmd>", "do {{ cmd }}")
    assert found["actionalias"]["ref"] == "default.shell"
    none = client.simulate_post("/v1/actionalias/match", json={"command": "dance"})
    assert (none.status_code, none.json["faultstring"]) == (400, "Command 'dance' matched no patterns")


def test_two_aliases_for_one_command(client: ApiClient) -> None:
    create(client)
    other = create(client, name="other")
    answer = client.simulate_post("/v1/actionalias/match", json={"command": "run date"})
    assert answer.status_code == 400
    assert "Command 'run date' matched more than 1 pattern" in answer.json["faultstring"]
    client.simulate_put(f"/v1/actionalias/{other['id']}", json={**other, "enabled": False})
    assert client.simulate_post("/v1/actionalias/match", json={"command": "run date"}).status_code == 200


def test_names_are_unique_across_packs(client: ApiClient) -> None:
    made = create(client)
    answer = client.simulate_post("/v1/actionalias", json={**ALIAS, "pack": "other"})
    assert (answer.status_code, answer.json["conflict-id"]) == (409, made["id"])
    assert "is taken by the alias default.shell" in answer.json["faultstring"]
    other = create(client, pack="other", name="free")
    answer = client.simulate_put(f"/v1/actionalias/{other['id']}", json={**other, "name": made["name"]})
    assert answer.status_code == 409
    answer = client.simulate_put(f"/v1/actionalias/{other['id']}", json={**other, "pack": "third", "ref": "third.free"})
    assert (answer.status_code, answer.json["ref"]) == (200, "third.free")


def test_help(client: ApiClient) -> None:
    create(client)
    create(client, name="off", enabled=False)
    answer = client.simulate_get("/v1/actionalias/help", params={"pack": "default"}).json
    assert answer["available"] == 2
    assert [line["display"] for line in answer["helpstrings"]] == ["run {{ cmd }}", "please run <cmd>"]
    filtered = client.simulate_get("/v1/actionalias/help", params={"filter": "PLEASE"}).json
    assert [line["display"] for line in filtered["helpstrings"]] == ["please run <cmd>"]
    assert len(client.simulate_get("/v1/actionalias/help", params={"limit": "1"}).json["helpstrings"]) == 1
    assert client.simulate_get("/v1/actionalias/help", params={"pack": "core"}).json["available"] == 0
    assert client.simulate_get("/v1/actionalias/help", params={"filter": "("}).status_code == 400


def test_a_command_becomes_an_execution(client: ApiClient) -> None:
    create(
        client,
        ack={"format": "{{ execution.action.ref }} for {{ actionalias.name }}", "extra": {"a": "{{ execution.id }}"}},
    )
    answer = say(client, "run date timeout=7", notification_route="hubot", source_context={"thread": 1})
    assert answer.status_code == 201, answer.text
    (started,) = answer.json["results"]
    execution = client.fetch(started["execution"]["id"])
    assert started["message"] == "core.local for shell"
    assert started["extra"] == {"a": execution["id"]}
    assert execution["parameters"] == {"cmd": "date", "timeout": 7}
    context = execution["context"]
    assert (context["user"], context["api_user"], context["source_channel"]) == (USER, "ada", "ops")
    assert context["action_alias_ref"]["name"] == "shell"
    assert execution["liveaction"]["notify"]["on-complete"] == {
        "routes": ["hubot"],
        "data": {"user": "ada", "source_channel": "ops", "source_context": {"thread": 1}},
    }


def test_an_acknowledgement_that_fails_says_so(client: ApiClient) -> None:
    create(client, ack={"format": "{{ nobody.knows }}"})
    (started,) = say(client, "run date").json["results"]
    assert started["message"].startswith('Cannot render "format" in field "ack" for alias.')


def test_the_bot_names_alias_and_format(client: ApiClient) -> None:
    create(client)
    body = {"name": "shell", "format": "run {{ cmd }}", "command": "run date", "user": "ada", "source_channel": "ops"}
    answer = client.simulate_post("/v1/aliasexecution", json=body)
    assert answer.status_code == 201, answer.text
    assert answer.json["execution"]["parameters"] == {"cmd": "date"}
    for change, status, text in (
        ({"name": "default.shell"}, 404, "default.shell"),
        ({"format": "walk"}, 400, "is not one of the formats"),
        ({"command": "walk"}, 400, "doesn't match format string"),
    ):
        refused = client.simulate_post("/v1/aliasexecution", json={**body, **change})
        assert (refused.status_code, text in refused.json["faultstring"]) == (status, True)


def test_every_occurrence_is_run(client: ApiClient) -> None:
    create(client, formats=[{"representation": "check {{ cmd }}", "match_multiple": True}])
    results = say(client, "check a and check b").json["results"]
    assert [each["execution"]["parameters"]["cmd"] for each in results] == ["a", "b"]


def test_immutable_parameters(client: ApiClient) -> None:
    client.simulate_put("/v1/keys/limit", json={"value": "9"})
    create(client, immutable_parameters={"timeout": "{{ st2kv.system.limit }}", "env": {"WHO": "{{ api_user }}"}})
    (started,) = say(client, "run date").json["results"]
    assert started["execution"]["parameters"] == {"cmd": "date", "timeout": 9, "env": {"WHO": "ada"}}
    refused = say(client, "run date timeout=1")
    assert refused.status_code == 400
    assert "timeout" in refused.json["faultstring"]


def test_a_disabled_alias_is_not_run(client: ApiClient) -> None:
    create(client, enabled=False)
    assert say(client, "run date").json["faultstring"] == "Command 'run date' matched no patterns"
    body = {"name": "shell", "format": "run {{ cmd }}", "command": "run date", "user": "ada", "source_channel": "ops"}
    answer = client.simulate_post("/v1/aliasexecution", json=body)
    assert (answer.status_code, "disabled" in answer.json["faultstring"]) == (400, True)


def test_parameters_that_do_not_fit(client: ApiClient) -> None:
    create(client)
    answer = say(client, "run date nosuch=1")
    assert answer.status_code == 400
    assert "nosuch" in answer.json["faultstring"]
