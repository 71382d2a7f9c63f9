"""/keys: both scopes, secrets, life time, and the shapes that clients send and read."""

from __future__ import annotations

import time

import pytest

from st2lite.models.datastore import KeyValuePair
from st2lite.models.timestamps import to_epoch
from st2lite.storage.contract import Equal
from tests.integration.http.conftest import USER, ApiClient


def put(client: ApiClient, name: str, value: object, **more: object) -> dict[str, object]:
    result = client.simulate_put(f"/v1/keys/{name}", json={"name": name, "value": value, **more})
    assert result.status_code == 200, result.text
    view: dict[str, object] = result.json
    return view


def names(client: ApiClient, query: str = "") -> list[str]:
    result = client.simulate_get("/v1/keys/", query_string=query)
    assert result.status_code == 200, result.text
    assert "X-Total-Count" not in result.headers
    return [row["name"] for row in result.json]


def test_creating_and_replacing_both_answer_200(client: ApiClient) -> None:
    made = put(client, "colour", "blue")
    assert made == {
        "id": made["id"],
        "uid": "key_value_pair:st2kv.system:colour",
        "name": "colour",
        "value": "blue",
        "secret": False,
        "encrypted": False,
        "scope": "st2kv.system",
    }
    assert put(client, "colour", "red")["id"] == made["id"]
    assert client.simulate_get("/v1/keys/colour").json["value"] == "red"


def test_what_the_command_line_sends_is_accepted(client: ApiClient) -> None:
    body = {"id": "colour", "name": "colour", "value": "blue", "scope": "system", "user": None, "secret": False}
    assert client.simulate_put("/v1/keys/colour", json=body).json["id"] != "colour"
    got = client.simulate_get("/v1/keys/colour", query_string="decrypt=False&scope=system")
    assert got.json["value"] == "blue"


def test_own_output_is_accepted_back(client: ApiClient) -> None:
    made = put(client, "colour", "blue")
    assert client.simulate_put("/v1/keys/colour", json=made).json == made


@pytest.mark.parametrize("value", [5, None, True, ["a"], {"a": 1}])
def test_values_are_text(client: ApiClient, value: object) -> None:
    result = client.simulate_put("/v1/keys/colour", json={"name": "colour", "value": value})
    assert result.status_code == 400
    assert "value" in result.json["faultstring"]


def test_bad_input_names_the_field(client: ApiClient) -> None:
    for body, text in (
        ({"name": "a"}, "value"),
        ({"name": "a", "value": "b", "scope": "planet"}, "Invalid scope"),
        ({"name": "a", "value": "b", "ttl": "soon"}, "ttl"),
        ({"name": "a", "value": "b", "ttl": -1}, "ttl"),
        ({"name": "a", "value": "b", "encrypted": True}, "encrypt"),
        ({"name": "a", "value": "b", "secret": "yes"}, "secret"),
    ):
        result = client.simulate_put("/v1/keys/a", json=body)
        assert result.status_code == 400, body
        assert text in result.json["faultstring"], body


def test_unknown_items_are_404(client: ApiClient) -> None:
    for method in ("GET", "DELETE"):
        result = client.simulate_request(method, "/v1/keys/nothing")
        assert result.status_code == 404
        assert result.json["faultstring"] == "KeyValuePair with name: nothing and scope: st2kv.system not found in db."


def test_user_scope_is_apart_and_hides_the_prefix(client: ApiClient) -> None:
    put(client, "colour", "blue")
    mine = put(client, "colour", "red", scope="user")
    assert (mine["name"], mine["user"], mine["scope"]) == ("colour", USER, "st2kv.user")
    assert mine["uid"] == f"key_value_pair:st2kv.user:{USER}:colour"
    assert client.simulate_get("/v1/keys/colour", query_string="scope=user").json["value"] == "red"
    assert client.simulate_get("/v1/keys/colour", query_string="scope=st2kv.user").json["value"] == "red"
    assert client.simulate_get("/v1/keys/colour", query_string=f"user={USER}").json["value"] == "red"
    assert client.simulate_get("/v1/keys/colour").json["value"] == "blue"
    assert client.simulate_delete("/v1/keys/colour", query_string="scope=user").status_code == 204
    assert client.simulate_get("/v1/keys/colour", query_string="scope=user").status_code == 404
    assert client.simulate_get("/v1/keys/colour").status_code == 200


def test_another_user_is_forbidden(client: ApiClient) -> None:
    text = '"user" attribute can only be provided by admins when RBAC is enabled'
    for result in (
        client.simulate_get("/v1/keys", query_string="scope=user&user=alice"),
        client.simulate_get("/v1/keys/colour", query_string="user=alice"),
        client.simulate_delete("/v1/keys/colour", query_string="user=alice"),
        client.simulate_put("/v1/keys/colour", json={"name": "colour", "value": "x", "user": "alice"}),
    ):
        assert result.status_code == 403
        assert result.json["faultstring"].startswith(text)


def test_lists_by_scope_and_prefix(client: ApiClient) -> None:
    for name in ("a.one", "a.two", "b"):
        put(client, name, "x")
    put(client, "a.mine", "x", scope="user")
    assert sorted(names(client)) == ["a.one", "a.two", "b"]
    assert sorted(names(client, "prefix=a.")) == ["a.one", "a.two"]
    assert names(client, "scope=user") == ["a.mine"]
    assert names(client, "scope=user&prefix=a.") == ["a.mine"]
    assert sorted(names(client, "scope=all&decrypt=false&limit=50")) == ["a.mine", "a.one", "a.two", "b"]
    assert names(client, "scope=all&limit=1")[-1] == "a.mine", "each scope has the limit to itself"
    assert len(names(client, "scope=all&limit=1")) == 2
    assert names(client, "name=b") == ["b"]
    assert len(names(client, "limit=-1")) == 3
    assert len(names(client, "limit=1&offset=1")) == 1
    result = client.simulate_get("/v1/keys", query_string="scope=planet")
    assert result.status_code == 400
    assert result.json["faultstring"].startswith("Invalid scope: planet")


def test_names_may_hold_colons_and_dots(client: ApiClient) -> None:
    put(client, "examples.Probe:state.v1", "x")
    assert client.simulate_get("/keys/examples.Probe:state.v1").json["name"] == "examples.Probe:state.v1"
    put(client, "v1", "y")
    assert client.simulate_get("/keys/v1").json["value"] == "y"


def test_secrets_are_ciphertext_unless_decrypted(client: ApiClient) -> None:
    made = put(client, "token", "hush", secret=True)
    assert made["secret"] is True
    assert made["value"] != "hush"
    assert made["encrypted"] is True
    shown = client.simulate_get("/v1/keys/token", query_string="decrypt=true").json
    assert (shown["value"], shown["encrypted"], shown["secret"]) == ("hush", False, True)
    assert "hush" not in client.simulate_get("/v1/keys").text
    assert "hush" in client.simulate_get("/v1/keys", query_string="decrypt=True").text


def test_ciphertext_can_be_stored_as_it_is(client: ApiClient) -> None:
    made = put(client, "token", "hush", secret=True)
    put(client, "copy", made["value"], encrypted=True)
    copy = client.simulate_get("/v1/keys/copy", query_string="decrypt=true").json
    assert (copy["value"], copy["secret"]) == ("hush", True)


def test_items_expire(client: ApiClient) -> None:
    made = put(client, "soon", "x", ttl=100)
    assert 90 < to_epoch(str(made["expire_timestamp"])) - time.time() <= 100
    put(client, "gone", "x", ttl=1)
    (item,) = client.context.store.find(KeyValuePair, [Equal("name", "gone")])
    item.expire_timestamp = "2026-01-31T12:00:00.000000Z"
    client.context.store.replace(item)
    assert client.simulate_get("/v1/keys/gone").status_code == 404
    assert names(client) == ["soon"]
    assert put(client, "gone", "again")["value"] == "again"
