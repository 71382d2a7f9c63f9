"""A stored document that cannot be read: lists leave it out, and whoever asks for it learns what to do."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from falcon import testing

from st2lite.models.document import Document
from st2lite.models.execution import Execution
from st2lite.models.rule import Rule
from tests.integration.http.conftest import ApiClient
from tests.integration.http.test_rules import create, refs


def damage(client: ApiClient, kind: type[Document], identifier: str) -> None:
    """Have the database hold half of the body."""
    with closing(sqlite3.connect(client.context.config.database.host.removeprefix("sqlite://"))) as connection:
        halve = f"UPDATE {kind.collection.name} SET body = substr(body, 1, length(body) / 2) WHERE id = ?"
        assert connection.execute(halve, [identifier]).rowcount == 1
        connection.commit()
    client.context.store.forget(kind)


def broken(client: ApiClient) -> testing.TestClient:
    """Calls the same app; the OpenAPI document does not speak of what is broken (500)."""
    return testing.TestClient(client.app, headers={"X-Auth-Token": client.token})


def test_an_execution(client: ApiClient, caplog: pytest.LogCaptureFixture) -> None:
    kept, torn = client.run(), client.run()
    damage(client, Execution, torn)
    for _ in range(2):
        assert [row["id"] for row in client.simulate_get("/v1/executions").json] == [kept]
    assert caplog.text.count(f"Left out: executions {torn} cannot be read") == 1
    answer = broken(client).simulate_get(f"/v1/executions/{torn}")
    assert answer.status_code == 500
    assert answer.json["faultstring"].startswith(f"executions {torn} cannot be read (")
    assert "restore a backup, or delete it from the collection executions" in answer.json["faultstring"]
    assert "Traceback" not in caplog.text


def test_a_rule(client: ApiClient, caplog: pytest.LogCaptureFixture) -> None:
    create(client, name="kept")
    torn = create(client, name="torn")
    damage(client, Rule, torn["id"])
    assert refs(client) == ["greetings.kept"]
    for name in ("greetings.torn", torn["id"]):
        for method in ("GET", "DELETE"):
            answer = broken(client).simulate_request(method, f"/v1/rules/{name}")
            assert answer.status_code == 500
            assert f"rules {torn['id']} cannot be read" in answer.json["faultstring"]
    assert "Traceback" not in caplog.text
    assert client.context.store.delete(Rule, torn["id"])  # what the text advises, with the means of the database
    create(client, name="torn")
