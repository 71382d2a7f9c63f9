"""What all apps do with every request: paths, ids, CORS, authentication, errors."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import falcon
import pytest
from falcon import testing

from st2lite.auth.api_keys import ApiKeys
from st2lite.auth.authenticate import Authenticator
from st2lite.auth.tokens import Tokens
from st2lite.http.app import create_app
from st2lite.http.middleware import CookieRules, identity_of, normal_path
from st2lite.models import errors
from st2lite.models.timestamps import from_epoch
from st2lite.storage.contract import Store
from st2lite.storage.open import open_store

NOT_FOUND = {"faultstring": "The resource could not be found."}
ERRORS: dict[str, tuple[Exception, int]] = {
    "invalid": (errors.InvalidInput("x: wrong"), 400),
    "transition": (errors.IllegalTransition("no"), 400),
    "crypto": (errors.CryptoError("no key"), 400),
    "unauthorized": (errors.Unauthorized("who?"), 401),
    "forbidden": (errors.Forbidden("no"), 403),
    "missing": (errors.NotFound("none"), 404),
    "conflict": (errors.Conflict("taken"), 409),
    "stale": (errors.StaleWrite("changed"), 409),
    "store": (errors.StoreUnavailable("away"), 503),
    "bus": (errors.BusUnavailable("away"), 503),
    "lock": (errors.LockUnavailable("taken"), 503),
    "config": (errors.ConfigError("mistake"), 500),
    "damaged": (errors.DamagedDocument("cannot be read"), 500),
}


class Echo:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = {"path": req.path, "user": identity_of(req).user}


class Failing:
    public = True

    def on_get(self, req: falcon.Request, resp: falcon.Response, kind: str) -> None:
        if kind == "conflict-id":
            raise errors.Conflict("taken", conflict_id="abc")
        if kind == "bug":
            raise ZeroDivisionError("secret detail")
        if kind == "falcon":
            raise falcon.HTTPServiceUnavailable(description="later", retry_after=7)
        raise ERRORS[kind][0]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite://{tmp_path / 'st2.db'}")
    store.ensure_schema()
    yield store
    store.close()


@pytest.fixture
def tokens(store: Store) -> Tokens:
    return Tokens(store)


def make_client(store: Store, **options: Any) -> testing.TestClient:
    authenticator = Authenticator(Tokens(store), ApiKeys(store), enabled=options.pop("auth", True))
    app = create_app(authenticator, options.pop("origins", ["http://ui.example"]), **options)
    for route in ("/", "/executions", "/executions/{id}", "/v1stuff", "/deep/{rest:path}"):
        app.add_route(route, _any(route))
    app.add_route("/failing/{kind}", Failing())
    return testing.TestClient(app)


def _any(route: str) -> object:
    class Resource(Echo):
        def on_get(self, req: falcon.Request, resp: falcon.Response, **parts: str) -> None:
            resp.media = {"route": route, **parts, "user": identity_of(req).user}

    return Resource()


@pytest.fixture
def client(store: Store) -> testing.TestClient:
    return make_client(store, auth=False)


class TestPaths:
    @pytest.mark.parametrize(
        ("path", "route"),
        [
            ("/executions", "/executions"),
            ("/executions/", "/executions"),
            ("/v1/executions", "/executions"),
            ("/v1/executions/", "/executions"),
            ("//v1//executions//", "/executions"),
            ("/actionexecutions", "/executions"),
            ("/v1/actionexecutions/", "/executions"),
            ("/v1/actionexecutions/last", "/executions/{id}"),
            ("/v1", "/"),
            ("/v1/", "/"),
            ("/", "/"),
            ("/v1stuff", "/v1stuff"),
        ],
    )
    def test_one_route_has_many_spellings(self, client: testing.TestClient, path: str, route: str) -> None:
        assert client.simulate_get(path).json["route"] == route

    @pytest.mark.parametrize("path", ["/v2/executions", "/actionexecution", "/x/v1/executions", "/v1/v1/executions"])
    def test_others_do_not_exist(self, client: testing.TestClient, path: str) -> None:
        result = client.simulate_get(path)
        assert (result.status_code, result.json) == (404, NOT_FOUND)

    def test_slashes_may_come_encoded(self, client: testing.TestClient) -> None:
        assert client.simulate_get("/v1%2Fexecutions%2Flast").json["id"] == "last"

    def test_a_version_within_a_path_stays(self, client: testing.TestClient) -> None:
        assert client.simulate_get("/deep/a/v1/b").json["rest"] == "a/v1/b"
        assert normal_path("/packs/v1") == "/packs/v1"

    def test_a_path_that_is_no_text(self, client: testing.TestClient) -> None:
        environ = testing.create_environ("/executions/x")
        environ["PATH_INFO"] = "/executions/\xff"
        start = testing.StartResponseMock()
        body = b"".join(client.app(environ, start))
        assert start.status == "400 Bad Request"
        assert b"UTF-8" in body

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD"])
    def test_an_unknown_method_is_an_unknown_path(self, client: testing.TestClient, method: str) -> None:
        assert client.simulate_request(method, "/executions").status_code == 404


class TestRequestId:
    def test_it_is_echoed(self, client: testing.TestClient) -> None:
        assert client.simulate_get("/executions", headers={"X-Request-ID": "abc-1"}).headers["x-request-id"] == "abc-1"

    @pytest.mark.parametrize("given", [None, "", "two words", "x" * 129, "ü"])
    def test_otherwise_there_is_a_new_one(self, client: testing.TestClient, given: str | None) -> None:
        headers = {} if given is None else {"X-Request-ID": given}
        found = client.simulate_get("/executions", headers=headers).headers["x-request-id"]
        assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", found)

    def test_errors_have_one(self, client: testing.TestClient) -> None:
        for path in ("/nowhere", "/failing/bug", "/failing/invalid"):
            assert client.simulate_get(path, headers={"X-Request-ID": "q"}).headers["x-request-id"] == "q"


class TestCors:
    @pytest.mark.parametrize(
        ("origin", "allowed"),
        [
            (None, "http://ui.example"),
            ("http://ui.example", "http://ui.example"),
            ("http://evil.example", "http://ui.example"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ],
    )
    @pytest.mark.parametrize("path", ["/executions", "/nowhere", "/failing/bug"])
    def test_which_origin_is_allowed(
        self, client: testing.TestClient, origin: str | None, allowed: str, path: str
    ) -> None:
        headers = {"Origin": origin} if origin else {}
        found = client.simulate_get(path, headers=headers).headers
        assert found["access-control-allow-origin"] == allowed
        assert found["access-control-allow-credentials"] == "true"
        assert found["access-control-allow-methods"] == "GET,POST,PUT,DELETE,OPTIONS"
        assert (
            found["access-control-allow-headers"] == "Content-Type,Authorization,X-Auth-Token,St2-Api-Key,X-Request-ID"
        )
        assert found["access-control-expose-headers"] == "Content-Type,X-Limit,X-Total-Count,X-Request-ID"
        assert found["vary"] == "Origin"

    def test_any_origin(self, store: Store) -> None:
        client = make_client(store, auth=False, origins=["*"])
        found = client.simulate_get("/executions", headers={"Origin": "http://x.example"}).headers
        assert found["access-control-allow-origin"] == "http://x.example"

    @pytest.mark.parametrize("path", ["/executions", "/v1/nowhere/", "/"])
    def test_options_need_no_credentials(self, store: Store, path: str) -> None:
        result = make_client(store).simulate_options(path, headers={"Origin": "http://ui.example"})
        assert (result.status_code, result.content) == (200, b"")
        assert result.headers["access-control-allow-origin"] == "http://ui.example"
        assert "x-request-id" in result.headers


class TestAuthentication:
    def test_a_resource_is_closed_unless_it_says_otherwise(self, store: Store) -> None:
        client = make_client(store)
        result = client.simulate_get("/executions")
        assert result.status_code == 401
        assert result.json == {"faultstring": "Unauthorized - One of Token or API key required."}
        assert client.simulate_get("/failing/missing").status_code == 404
        assert client.simulate_get("/nowhere").json == NOT_FOUND

    def test_a_token_by_header_or_query_comes_back_as_a_cookie(self, store: Store, tokens: Tokens) -> None:
        _, text = tokens.create("ada", ttl=1000)
        client = make_client(store)
        for request in ({"headers": {"x-auth-token": text}}, {"params": {"x-auth-token": text}}):
            result = client.simulate_get("/executions", **request)
            assert result.json["user"] == "ada"
            attributes = result.headers["set-cookie"].split("; ")
            assert attributes[0] == f"auth-token={text}"
            age = next(int(part[8:]) for part in attributes if part.startswith("Max-Age="))
            assert 990 <= age <= 1000
            assert {"Path=/", "HttpOnly", "Secure", "SameSite=Lax"} < set(attributes)

    @pytest.mark.parametrize(
        ("rules", "present", "absent"),
        [
            (CookieRules(secure=False, same_site="strict"), "SameSite=Strict", "Secure"),
            (CookieRules(secure=True, same_site="none"), "SameSite=None", ""),
            (CookieRules(secure=True, same_site="unset"), "Secure", "SameSite"),
        ],
    )
    def test_attributes_of_the_cookie(
        self, store: Store, tokens: Tokens, rules: CookieRules, present: str, absent: str
    ) -> None:
        _, text = tokens.create("ada")
        result = make_client(store, cookie=rules).simulate_get("/executions", headers={"X-Auth-Token": text})
        assert present in result.headers["set-cookie"]
        assert not absent or absent not in result.headers["set-cookie"]

    def test_a_cookie_and_api_keys_set_none(self, store: Store, tokens: Tokens) -> None:
        _, text = tokens.create("ada")
        _, key = ApiKeys(store).create("bot", {})
        client = make_client(store)
        for user, request in (
            ("ada", {"headers": {"Cookie": f"other=1; auth-token={text}"}}),
            ("bot", {"headers": {"St2-Api-Key": key}}),
            ("bot", {"params": {"st2-api-key": key}}),
        ):
            result = client.simulate_get("/executions", **request)
            assert result.json["user"] == user
            assert "set-cookie" not in result.headers

    def test_an_expired_token(self, store: Store, tokens: Tokens) -> None:
        token, text = tokens.create("ada")
        token.expiry = from_epoch(time.time() - 1)
        store.replace(token)
        result = make_client(store).simulate_get("/executions", headers={"X-Auth-Token": text})
        assert (result.status_code, result.json["faultstring"]) == (401, "Unauthorized - Token has expired.")
        assert "set-cookie" not in result.headers

    def test_switched_off_everybody_is_the_system_user(self, client: testing.TestClient) -> None:
        assert client.simulate_get("/executions", headers={"X-Auth-Token": "wrong"}).json["user"] == "stanley"


class TestErrors:
    @pytest.mark.parametrize("kind", ERRORS)
    def test_each_class_has_its_code(self, client: testing.TestClient, kind: str) -> None:
        error, code = ERRORS[kind]
        result = client.simulate_get(f"/failing/{kind}")
        assert (result.status_code, result.json) == (code, {"faultstring": str(error)})
        assert result.headers["content-type"] == "application/json"

    def test_every_error_of_the_tree_was_thought_of(self) -> None:
        def classes(root: type) -> set[type]:
            return {root}.union(*(classes(each) for each in root.__subclasses__()))

        mapped = {type(error) for error, _ in ERRORS.values()}
        known = {each for each in classes(errors.St2liteError) if each.__module__.startswith("st2lite.models")}
        assert {each for each in known if not issubclass(each, tuple(mapped))} == {errors.St2liteError}

    def test_a_conflict_names_the_other(self, client: testing.TestClient) -> None:
        assert client.simulate_get("/failing/conflict-id").json == {"faultstring": "taken", "conflict-id": "abc"}

    def test_a_bug_is_logged_and_not_shown(self, client: testing.TestClient, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.ERROR):
            result = client.simulate_get("/failing/bug")
        assert (result.status_code, result.json) == (500, {"faultstring": "Internal Server Error"})
        assert "secret detail" in caplog.text

    def test_errors_of_the_framework_look_the_same(self, client: testing.TestClient) -> None:
        result = client.simulate_get("/failing/falcon")
        assert (result.status_code, result.json, result.headers["retry-after"]) == (503, {"faultstring": "later"}, "7")
