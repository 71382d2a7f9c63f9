"""/inquiries: what waits, and answering it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.http.conftest import USER, ApiClient

SCHEMA = {"type": "object", "properties": {"continue": {"type": "boolean", "required": True}}}


def ask(client: ApiClient, **result: Any) -> str:
    """An inquiry that the inquirer runner has put into its waiting state."""
    identifier = client.run("core.ask")
    waiting = {"schema": SCHEMA, "roles": [], "users": [], "route": "", "ttl": 1440, **result}
    path = f"/v1/executions/{identifier}"
    assert client.simulate_put(path, json={"status": "running"}).status_code == 200
    assert client.simulate_put(path, json={"status": "pending", "result": waiting}).status_code == 200
    return identifier


def test_open_inquiries_are_listed(client: ApiClient) -> None:
    client.run("core.ask")
    first, second = ask(client, route="ops"), ask(client)
    result = client.simulate_get("/v1/inquiries/", query_string="limit=50")
    assert {row["id"] for row in result.json} == {first, second}
    assert result.headers["X-Total-Count"] == "2"
    (row,) = [row for row in result.json if row["id"] == first]
    assert row == {"id": first, "route": "ops", "ttl": 1440, "users": [], "roles": [], "schema": SCHEMA}
    assert len(client.simulate_get("/v1/inquiries", query_string="limit=1").json) == 1
    assert client.simulate_get("/v1/inquiries").headers["X-Limit"] == "20"


def test_one_inquiry(client: ApiClient) -> None:
    identifier = ask(client)
    assert client.simulate_get(f"/v1/inquiries/{identifier}").json["schema"] == SCHEMA
    assert client.simulate_get("/v1/inquiries/65f0aa0000000000000000ff").status_code == 404
    assert client.simulate_get(f"/v1/inquiries/{client.run()}").status_code == 400


def test_an_answer_ends_the_execution_and_the_web_ui_may_send_the_whole_inquiry(client: ApiClient) -> None:
    identifier = ask(client)
    body = {"id": identifier, "status": "pending", "initial": {}, "response": {"continue": True}, "users": []}
    answer = client.simulate_put(f"/v1/inquiries/{identifier}", json=body)
    assert (answer.status_code, answer.json) == (200, {"id": identifier, "response": {"continue": True}})
    view = client.fetch(identifier)
    assert (view["status"], view["result"]["response"]) == ("succeeded", {"continue": True})
    again = client.simulate_put(f"/v1/inquiries/{identifier}", json=body)
    assert again.status_code == 400
    assert "already" in again.json["faultstring"]
    assert client.simulate_get(f"/v1/inquiries/{identifier}").status_code == 400


@pytest.mark.parametrize(
    "result", ["x", [1], 5, True, {"ttl": "x"}, {"ttl": 10**300}, {"schema": 1}, {"users": 5, "roles": {}, "route": []}]
)
def test_a_result_that_is_no_question_breaks_nothing(client: ApiClient, result: object) -> None:
    identifier = ask(client)
    path = f"/v1/inquiries/{identifier}"
    assert client.simulate_put(f"/v1/executions/{identifier}", json={"result": result}).status_code == 200
    (row,) = client.simulate_get("/v1/inquiries").json
    assert (row["users"], row["roles"], row["route"], row["schema"]) == ([], [], "", {})
    assert client.simulate_get(path).json == row
    assert client.simulate_put(path, json={"id": identifier, "response": {}}).status_code == 200


def test_a_name_of_the_wrong_type_opens_no_inquiry_to_all(client: ApiClient) -> None:
    for result in ({"users": [1]}, {"roles": [{}]}):
        path = f"/v1/inquiries/{ask(client, **result)}"
        assert client.simulate_put(path, json={"id": "x", "response": {"continue": True}}).status_code == 403


@pytest.mark.parametrize(
    "body", [{}, {"id": "x"}, {"id": "x", "response": "yes"}, {"id": "x", "response": {"continue": "perhaps"}}]
)
def test_bad_answers_leave_the_inquiry_open(client: ApiClient, body: object) -> None:
    identifier = ask(client)
    assert client.simulate_put(f"/v1/inquiries/{identifier}", json=body).status_code == 400
    assert client.fetch(identifier)["status"] == "pending"


def test_only_the_named_users_may_answer(client: ApiClient) -> None:
    body = {"id": "x", "response": {"continue": True}}
    assert client.simulate_put(f"/v1/inquiries/{ask(client, users=['alice'])}", json=body).status_code == 403
    assert client.simulate_put(f"/v1/inquiries/{ask(client, roles=['ops'])}", json=body).status_code == 403
    assert client.simulate_put(f"/v1/inquiries/{ask(client, users=[USER])}", json=body).status_code == 200


def test_secret_parts_of_an_answer_are_masked(client: ApiClient) -> None:
    schema = {"type": "object", "properties": {"pin": {"type": "string", "secret": True}}}
    identifier = ask(client, schema=schema)
    client.simulate_put(f"/v1/inquiries/{identifier}", json={"id": identifier, "response": {"pin": "1234"}})
    assert client.fetch(identifier)["result"]["response"] == {"pin": "********"}
    assert client.fetch(identifier, show_secrets="true")["result"]["response"] == {"pin": "1234"}
