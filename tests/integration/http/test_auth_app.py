"""The auth service."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from falcon import testing

from st2lite.auth.passwords import write_password
from st2lite.config.schema import Auth
from st2lite.http.auth_app import create_auth_app
from st2lite.http.openapi.document import document
from st2lite.models.access import User
from st2lite.models.errors import ConfigError
from tests.openapi_contract import Contract
from tests.unit.auth.test_login import basic

CONTRACT = Contract(document("auth"))
PASSWORD = "correct horse"


class AuthClient(testing.TestClient):
    """Calls the app and holds every response of a described operation against the description."""

    def simulate_request(self, method: str = "GET", path: str = "/", **more: Any) -> testing.Result:
        result = super().simulate_request(method, path, **more)
        if CONTRACT.operation(method, path):
            CONTRACT.check(method, path, result.status_code, result.headers, result.content)
        return result

    def log_in(self, body: Any = None, user: str = "ada", password: str = PASSWORD, **headers: str) -> testing.Result:
        more = {} if body is None else {"json": body}
        return self.simulate_post("/v1/tokens", headers={"Authorization": basic(user, password), **headers}, **more)


def make_client(client, **options: Any) -> AuthClient:
    context = client.context
    path = Path(context.config.system.base_path) / "htpasswd"
    write_password(path, "ada", PASSWORD)
    settings = {"backend_kwargs": {"file_path": str(path)}, "api_url": "https://st2.example/api", **options}
    context.config = replace(context.config, auth=Auth(**settings))
    return AuthClient(create_auth_app(context))


@pytest.fixture
def auth(client) -> Iterator[AuthClient]:
    return make_client(client)


class TestTokens:
    @pytest.mark.parametrize("path", ["/tokens", "/v1/tokens", "/v1/tokens/", "//tokens"])
    def test_a_password_buys_a_token(self, auth: AuthClient, client, path: str) -> None:
        # The Web UI sends no body, and a JSON content type all the same.
        headers = {"Authorization": basic("ada", PASSWORD), "Content-Type": "application/json"}
        result = auth.simulate_post(path, headers=headers)
        assert result.status_code == 201
        assert result.headers["x-api-url"] == "https://st2.example/api"
        assert (result.json["user"], result.json["metadata"], result.json["service"]) == ("ada", {}, False)
        assert re.fullmatch("[0-9a-f]{32}", result.json["token"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", result.json["expiry"])
        assert client.context.store.get(User, "ada") is not None
        assert client.context.tokens.check(result.json["token"]).user == "ada"

    @pytest.mark.parametrize("body", [None, {}, {"ttl": None}, {"ttl": 60, "user": "ignored", "more": 1}])
    def test_what_may_be_sent_along(self, auth: AuthClient, body: Any) -> None:
        assert auth.log_in(body).status_code == 201

    @pytest.mark.parametrize("header", ["", "Basic", "Basic x", "Bearer x", basic("ada", "wrong"), basic("eve", "x")])
    def test_without_the_right_password(self, auth: AuthClient, header: str) -> None:
        result = auth.simulate_post("/tokens", headers={"Authorization": header})
        assert (result.status_code, result.json) == (401, {"faultstring": "Invalid or missing credentials"})

    @pytest.mark.parametrize(
        ("body", "text"),
        [
            ({"ttl": 86401}, "TTL specified 86401 is greater than max allowed 86400."),
            ({"ttl": 0}, "ttl"),
            ({"ttl": "long"}, "ttl"),
            ({"ttl": 1.5}, "ttl"),
            ({"impersonate_user": "eve"}, "not a service"),
            ({"impersonate_user": 5}, "impersonate_user"),
            ([], "JSON object"),
        ],
    )
    def test_mistakes_are_named(self, auth: AuthClient, body: Any, text: str) -> None:
        result = auth.log_in(body)
        assert result.status_code == 400
        assert text in result.json["faultstring"]

    def test_a_service_acts_for_a_user(self, auth: AuthClient, client) -> None:
        for user in (User(id="ada", is_service=True), User(id="grace", nicknames={"slack": "@g"})):
            client.context.store.insert(user)
        assert auth.log_in({"impersonate_user": "grace"}).json["user"] == "grace"
        assert auth.log_in({"impersonate_user": "@g", "nickname_origin": "slack"}).json["user"] == "grace"

    def test_behind_a_proxy(self, client) -> None:
        auth = make_client(client, mode="proxy")
        result = auth.simulate_post("/tokens", extras={"REMOTE_USER": "grace"})
        assert (result.status_code, result.json["user"]) == (201, "grace")
        assert auth.log_in(user="ada", password="unchecked").json["user"] == "ada"
        assert auth.simulate_post("/tokens").status_code == 401

    def test_the_token_opens_the_api(self, auth: AuthClient, client) -> None:
        token = auth.log_in().json["token"]
        assert client.simulate_get("/v1/user", headers={"X-Auth-Token": token}).json["username"] == "ada"


class TestValidation:
    def test_valid_and_not(self, auth: AuthClient, client) -> None:
        headers = {"X-Auth-Token": client.token}
        assert auth.simulate_post("/tokens/validate", headers=headers, json={"token": client.token}).json == {
            "valid": True
        }
        assert auth.simulate_post("/v1/tokens/validate", headers=headers, json={"token": "x"}).json == {"valid": False}

    @pytest.mark.parametrize("body", [{}, {"token": ""}, {"token": None}, None])
    def test_a_token_is_needed(self, auth: AuthClient, client, body: Any) -> None:
        more = {} if body is None else {"json": body}
        result = auth.simulate_post("/tokens/validate", headers={"X-Auth-Token": client.token}, **more)
        assert (result.status_code, result.json) == (400, {"faultstring": "Token is not provided."})

    def test_the_caller_shows_a_token_of_their_own(self, auth: AuthClient, client) -> None:
        result = auth.simulate_post("/tokens/validate", json={"token": client.token})
        assert result.status_code == 401
        assert result.json["faultstring"].startswith("Unauthorized - ")


class TestSingleSignOn:
    def test_there_is_none_and_it_says_so(self, auth: AuthClient) -> None:
        assert auth.simulate_get("/v1/sso").json == {"enabled": False}
        assert auth.simulate_get("/v1/sso/request").status_code == 500
        assert "Single sign-on" in auth.simulate_get("/sso/request").json["faultstring"]
        assert auth.simulate_post("/sso/callback").status_code == 401


def test_the_password_file_must_be_named(client) -> None:
    client.context.config = replace(client.context.config, auth=Auth(backend_kwargs={}))
    with pytest.raises(ConfigError, match="backend_kwargs"):
        create_auth_app(client.context)


def test_an_unknown_path(auth: AuthClient) -> None:
    assert auth.simulate_get("/v1/nothing").json == {"faultstring": "The resource could not be found."}
    assert auth.simulate_get("/v1/tokens").status_code == 404
