"""API keys and the present user."""

from __future__ import annotations

import re

import pytest

from st2lite.auth.api_keys import hash_key

MASKED = {"uid": "********", "key_hash": "********"}


class TestApiKeys:
    def test_a_key_is_shown_once(self, client) -> None:
        created = client.simulate_post("/v1/apikeys", json={"user": "bot", "metadata": {"for": "chat"}})
        assert created.status_code == 201
        assert set(created.json) == {"id", "uid", "user", "key", "metadata", "created_at", "enabled"}
        key = created.json["key"]
        assert re.fullmatch("[A-Za-z0-9]{86}", key)
        assert (
            client.simulate_get("/v1/user", headers={"X-Auth-Token": "", "St2-Api-Key": key}).json["username"] == "bot"
        )
        read = client.simulate_get(f"/v1/apikeys/{created.json['id']}")
        assert read.json == {
            "id": created.json["id"], "user": "bot", "metadata": {"for": "chat"}, "enabled": True,
            "created_at": created.json["created_at"], **MASKED,
        }  # fmt: skip
        assert client.simulate_get(f"/v1/apikeys/{key}").json == read.json

    @pytest.mark.parametrize("body", [None, {}, {"user": None, "metadata": None, "enabled": None, "unknown": 1}])
    def test_everything_is_optional(self, client, body) -> None:
        created = client.simulate_post("/v1/apikeys", **({} if body is None else {"json": body}))
        assert (created.json["user"], created.json["metadata"], created.json["enabled"]) == ("st2admin", {}, True)

    def test_a_key_from_elsewhere(self, client) -> None:
        body = {"user": "bot", "key_hash": hash_key("old"), "id": "a" * 24, "enabled": True}
        created = client.simulate_post("/v1/apikeys", json=body)
        assert (created.json["id"], created.json["key"]) == ("a" * 24, None)
        assert client.simulate_get("/v1/user", headers={"X-Auth-Token": "", "St2-Api-Key": "old"}).status_code == 200
        again = client.simulate_post("/v1/apikeys", json={**body, "id": "b" * 24})
        assert (again.status_code, again.json["conflict-id"]) == (409, "a" * 24)

    @pytest.mark.parametrize("switch", [{"params": {"show_secrets": "true"}}, {"params": {"show_secrets": "1"}}])
    def test_secrets_are_shown_on_request(self, client, switch) -> None:
        body = {"key_hash": "f" * 128}
        identifier = client.simulate_post("/v1/apikeys", json=body).json["id"]
        for view in (
            client.simulate_get(f"/v1/apikeys/{identifier}", **switch).json,
            client.simulate_get("/v1/apikeys", **switch).json[0],
        ):
            assert (view["key_hash"], view["uid"]) == ("f" * 128, f"api_key:{'f' * 128}")
        assert client.simulate_get("/v1/apikeys").json[0]["key_hash"] == "********"

    def test_lists_have_pages(self, client) -> None:
        made = [client.simulate_post("/v1/apikeys", json={}).json["id"] for _ in range(55)]
        first = client.simulate_get("/v1/apikeys")
        assert [view["id"] for view in first.json] == made[:50]
        assert (first.headers["x-total-count"], first.headers["x-limit"]) == ("55", "50")
        second = client.simulate_get("/v1/apikeys", params={"offset": "50", "limit": "10"})
        assert [view["id"] for view in second.json] == made[50:]
        everything = client.simulate_get("/v1/apikeys", params={"limit": "-1"})
        assert len(everything.json) == 55
        assert "x-limit" not in everything.headers
        assert client.simulate_get("/v1/apikeys", params={"limit": "0"}).status_code == 400

    def test_the_client_sends_back_what_it_got(self, client) -> None:
        created = client.simulate_post("/v1/apikeys", json={"user": "bot"}).json
        view = client.simulate_get(f"/v1/apikeys/{created['id']}").json
        changed = client.simulate_put(f"/v1/apikeys/{created['id']}", json={**view, "enabled": False})
        assert (changed.status_code, changed.json) == (200, {**view, "enabled": False})
        refused = client.simulate_get("/v1/user", headers={"X-Auth-Token": "", "St2-Api-Key": created["key"]})
        assert refused.json == {"faultstring": "Unauthorized - API key is disabled."}

    def test_the_hash_cannot_be_changed(self, client) -> None:
        identifier = client.simulate_post("/v1/apikeys", json={}).json["id"]
        result = client.simulate_put(f"/v1/apikeys/{identifier}", json={"key_hash": "other"})
        assert result.status_code == 400
        assert "key_hash" in result.json["faultstring"]

    def test_deletion(self, client) -> None:
        identifier = client.simulate_post("/v1/apikeys", json={}).json["id"]
        assert client.simulate_delete(f"/v1/apikeys/{identifier}").status_code == 204
        for result in (
            client.simulate_get(f"/v1/apikeys/{identifier}"),
            client.simulate_delete(f"/v1/apikeys/{identifier}"),
        ):
            assert result.status_code == 404
            assert result.json["faultstring"] == f"ApiKey matching {identifier} for reference and id not found."

    @pytest.mark.parametrize(
        ("body", "field"),
        [({"user": 1}, "user"), ({"metadata": []}, "metadata"), ({"enabled": "yes"}, "enabled"), ({"id": "x"}, "id")],
    )
    def test_mistakes_are_named(self, client, body, field) -> None:
        result = client.simulate_post("/v1/apikeys", json=body)
        assert result.status_code == 400
        assert field in result.json["faultstring"]


class TestUser:
    def test_a_token(self, client) -> None:
        view = client.simulate_get("/v1/user").json
        assert view["username"] == "st2admin"
        assert (view["authentication"]["method"], view["authentication"]["location"]) == (
            "authentication token",
            "header",
        )
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", view["authentication"]["token_expire"])
        assert view["rbac"] == {"enabled": False, "roles": [], "is_admin": True}

    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ("query", {"method": "API key", "location": "query"}),
            ("header", {"method": "API key", "location": "header"}),
        ],
    )
    def test_a_key(self, client, source, expected) -> None:
        key = client.simulate_post("/v1/apikeys", json={}).json["key"]
        request = {"params": {"st2-api-key": key}} if source == "query" else {"headers": {"St2-Api-Key": key}}
        request["headers"] = {"X-Auth-Token": "", **request.get("headers", {})}
        assert client.simulate_get("/v1/user", **request).json["authentication"] == expected

    def test_a_cookie(self, client) -> None:
        headers = {"X-Auth-Token": "", "Cookie": f"auth-token={client.token}"}
        assert client.simulate_get("/v1/user", headers=headers).json["authentication"]["location"] == "cookie"

    def test_a_running_action(self, client) -> None:
        identifier = client.run("core.noop")
        token = client.context.tokens.issue_action_token(identifier, "grace")
        headers = {"X-Auth-Token": token}
        view = client.simulate_get("/v1/user", headers=headers)
        assert (view.json["username"], "token_expire" in view.json["authentication"]) == ("grace", False)
        assert "set-cookie" not in view.headers
        client.end(identifier)
        ended = client.simulate_get("/v1/user", headers=headers)
        assert (ended.status_code, ended.json["faultstring"]) == (401, "Unauthorized - Token has expired.")
