"""Who asked for a change."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import falcon
import falcon.testing
import pytest

from st2lite.auth.authenticate import Identity
from st2lite.http.audit import AUDIT, LOGGER, Audit


class Known:
    """Middleware that knows the caller, as `Authentication` does; nobody calls as "nobody"."""

    def process_resource(self, req: falcon.Request, resp: falcon.Response, resource: object, params: object) -> None:
        user = req.get_header("X-User")
        if user == "nobody":
            raise falcon.HTTPUnauthorized()
        if user:
            req.context.identity = Identity(user=user)


class Resource:
    def on_get(self, req: falcon.Request, resp: falcon.Response, **_: str) -> None:
        resp.media = {}

    def on_post(self, req: falcon.Request, resp: falcon.Response, **_: str) -> None:
        resp.status = 201
        resp.media = {"user": "lisa"}


@pytest.fixture
def client(caplog: pytest.LogCaptureFixture) -> Iterator[falcon.testing.TestClient]:
    app: falcon.App[falcon.Request, falcon.Response] = falcon.App(middleware=(Audit(), Known()))
    for path in ("/executions", "/tokens", "/apikeys/{id_or_key}", "/keys/{name}"):
        app.add_route(path, Resource())
    logger = logging.getLogger(LOGGER)
    before, logger.disabled = logger.disabled, False
    with caplog.at_level(AUDIT):
        yield falcon.testing.TestClient(app)
    logger.disabled = before


def test_a_change_is_recorded(client: falcon.testing.TestClient, caplog: pytest.LogCaptureFixture) -> None:
    client.simulate_post("/executions", headers={"X-User": "ada", "X-Real-IP": "192.0.2.7"})
    (record,) = caplog.records
    assert record.levelno == AUDIT
    assert record.getMessage() == "POST /executions by ada from 192.0.2.7: 201"
    assert (record.user, record.status) == ("ada", 201)


def test_looking_is_not(client: falcon.testing.TestClient, caplog: pytest.LogCaptureFixture) -> None:
    client.simulate_get("/executions", headers={"X-User": "ada"})
    assert caplog.records == []


def test_a_refusal_is(client: falcon.testing.TestClient, caplog: pytest.LogCaptureFixture) -> None:
    client.simulate_post("/executions", headers={"X-User": "nobody"})
    assert "401" in caplog.messages[0]


def test_whoever_logs_in_is_named(client: falcon.testing.TestClient, caplog: pytest.LogCaptureFixture) -> None:
    client.simulate_post("/tokens")
    assert "by lisa" in caplog.messages[0]


def test_a_client_elsewhere_does_not_choose_its_address(
    client: falcon.testing.TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    client.simulate_post("/tokens", remote_addr="203.0.113.9", headers={"X-Real-IP": "127.0.0.1"})
    assert "from 203.0.113.9" in caplog.messages[0]


def test_a_key_is_not_shown(client: falcon.testing.TestClient, caplog: pytest.LogCaptureFixture) -> None:
    client.simulate_post("/apikeys/hunter2", headers={"X-User": "ada"})
    assert "POST /apikeys/{id_or_key}" in caplog.messages[0]


def test_a_path_cannot_forge_a_record(client: falcon.testing.TestClient, caplog: pytest.LogCaptureFixture) -> None:
    client.simulate_post("/keys/a\nPOST by root", headers={"X-User": "ada"})
    assert "\n" not in caplog.messages[0]
