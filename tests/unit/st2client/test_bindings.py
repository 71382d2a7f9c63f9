"""``from st2client.client import Client``: what scripts written for StackStorm's bindings rely on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from st2client import managers, models
from st2client.client import MANAGERS, Client
from st2client.errors import ConfigError, HTTPError, NotFoundError, St2ClientError, UsageError
from st2client.models import KeyValuePair, LiveAction, Resource, Rule, Token
from tests.servers.api import EXECUTION, ID, KEY, FakeApi, events, fault


@pytest.fixture
def client(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.delenv("ST2_AUTH_TOKEN")
    with Client(api_url=f"{api.url}/v1", auth_url=api.url, stream_url=f"{api.url}/v1", token="mine") as made:
        yield made


def test_every_manager_can_be_made(client: Client) -> None:
    assert len(client.managers) == len(MANAGERS)
    for name in client.managers:
        manager = client.managers[name]
        assert manager is client.managers[name]
        assert manager.endpoint.startswith("http")
    assert client.liveactions.resource is models.Execution
    with pytest.raises(KeyError):
        client.managers["Nothing"]


@pytest.mark.parametrize("name", models.CLASSES)
def test_models_are_where_scripts_import_them_from(name: str) -> None:
    resource = getattr(models, name)
    assert resource.__module__ == f"st2client.models.{models.CLASSES[name]}"
    if name not in ("Resource", "AsyncRequest"):
        assert resource.get_url_path_name()
        assert resource.get_display_name()


def test_managers_are_where_scripts_import_them_from() -> None:
    from st2client.models.core import ResourceManager as same

    assert same is managers.ResourceManager is models.ResourceManager
    assert import_module("st2client.client").ResourceManager is same
    for name in managers.CLASSES:
        assert getattr(managers, name).__name__ == name
    with pytest.raises(ImportError):
        from st2client.models import Nothing  # noqa: F401


def test_properties_of_the_client(client: Client) -> None:
    names = """actions apikeys executions inquiries keys liveactions packs policies policytypes ruleenforcements rules
        runners sensors tokens trace triggerinstances triggertypes webhooks workflows"""
    for name in names.split():
        assert getattr(client, name).endpoint


def test_resources() -> None:
    rule = Rule.deserialize('{"name": "r", "pack": "p"}')
    rule.enabled = True
    rule._hidden = 1
    assert rule.serialize() == {"name": "r", "pack": "p", "enabled": True}
    assert "pack" not in rule.to_dict(exclude_attributes=["pack"])
    assert repr(rule) == "<Rule name=r,pack=p,trigger=None,criteria=None,enabled=True>"
    assert not hasattr(rule, "id")
    found = (Token.get_url_path_name(), Rule.get_alias(), LiveAction.get_url_path_name())
    assert found == ("tokens", "Rule", "executions")


def test_executions(api: FakeApi, client: Client) -> None:
    execution = client.liveactions.create(LiveAction(action="core.local", parameters={"cmd": "x"}))
    assert (execution.id, execution.status) == (ID, "requested")
    assert client.executions.get_by_id(ID).result["stdout"] == "hello\nworld"
    assert client.executions.get_by_id("missing") is None
    assert client.executions.get_output(ID) == "text"
    assert client.executions.get_children(ID) == []
    assert client.executions.re_run(ID, parameters={"a": 1}).status == "running"
    assert client.executions.pause(ID).status == "pausing"
    assert client.executions.delete_by_id(ID)["status"] == "canceled"
    assert {request.headers["X-Auth-Token"] for request in api.received} == {"mine"}
    assert api.requests[3] == f"GET /executions/{ID}/output"
    with pytest.raises(UsageError, match="b"):
        client.executions.re_run(ID, tasks=["a"], no_reset=["b"])


def test_queries(api: FakeApi, client: Client) -> None:
    api.headers["X-Total-Count"] = "7"
    found, total = client.executions.query_with_count(limit=1, status="failed", params={"user": "u"})
    assert (len(found), total) == (1, 7)
    assert api.requests == ["GET /executions/?user=u&limit=1&status=failed"]
    assert client.rules.find(pack="core")[0].ref == "core.thing"
    assert client.actions.get_all(pack="core", limit=5, offset=2, params={"x": 1})[0].ref == "core.local"
    assert api.requests[-1] == "GET /actions?x=1&limit=5&pack=core&offset=2"
    with pytest.raises(St2ClientError, match="filter"):
        client.rules.query()
    api.answers["GET", "/rules"] = fault(404, "none")
    assert client.rules.query_with_count(pack="x") == ([], None)


def test_names(api: FakeApi, client: Client) -> None:
    assert client.actions.get_by_name("local").ref == "core.local"
    api.answers["GET", "/rules"] = 200, []
    assert client.rules.get_by_name("none") is None
    api.answers["GET", "/rules"] = 200, [{}, {}]
    with pytest.raises(St2ClientError, match="More than one rule"):
        client.rules.get_by_name("two")
    with pytest.raises(NotFoundError, match="core"):
        client.rules.require("core.missing")


def test_keys(api: FakeApi, client: Client) -> None:
    assert client.keys.update(KeyValuePair(name="a", value="1")).value == "1"
    assert client.keys.get_by_name("a", decrypt=True).value == "1"
    assert client.keys.get_by_name("missing") == []
    pair = client.keys.get_by_id("a")
    pair.id = "ignored"
    assert pair.id == "a"
    assert client.keys.delete(pair) is True
    assert api.requests == [
        "PUT /keys/a",
        "GET /keys/a/?decrypt=True",
        "GET /keys/missing/",
        "GET /keys/a",
        "DELETE /keys/a",
    ]
    assert "id" not in pair.serialize()
    api.answers["DELETE", "/keys/a"] = fault(404, "gone")
    assert client.keys.delete(KeyValuePair(**KEY)) is True


def test_other_calls(api: FakeApi, client: Client) -> None:
    assert client.webhooks.post_generic_webhook("core.t", {"a": 1}, trace_tag="tag") == {"trigger": "core.t"}
    assert api.received[-1].headers["St2-Trace-Tag"] == "tag"
    assert client.inquiries.respond(ID, {"go": True}).id == ID
    assert client.packs.register(["core"], ["actions"]).actions == 3
    assert client.packs.install(["core"]).execution_id == ID
    assert client.workflows.inspect("version: 1.0") == []
    assert api.received[-1].headers["content-type"] == "text/plain"
    assert client.triggerinstances.re_emit(ID)["message"] == "Sent again."
    assert client.get_user_info()["username"] == "st2admin"
    assert client.managers["Config"].update(Resource(pack="core", values={"a": 1})).pack == "core"
    assert api.bodies[-1] == {"a": 1}
    with pytest.raises(UsageError):
        client.workflows.inspect(b"bytes")


def test_low_level_client(api: FakeApi, client: Client) -> None:
    response = client.executions.client.get("/executions", params={"limit": 1}, token="other")
    assert (response.status_code, response.json()[0]["id"]) == (200, ID)
    assert api.received[-1].headers["X-Auth-Token"] == "other"


def test_streams(api: FakeApi, client: Client) -> None:
    data = json.dumps(EXECUTION)
    api.answers["GET", "/stream"] = lambda _: events(("st2.execution__update", data))
    (event,) = client.managers["Stream"].listen("st2.execution__update", token="tok")
    assert event["id"] == ID
    assert api.received[0].headers["X-Auth-Token"] == "tok"
    assert api.received[0].query == {"events": ["st2.execution__update"]}


def test_credentials_of_calls_client_and_environment(
    api: FakeApi, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ST2_API_KEY", "env")
    client.rules.get_all()
    client.token = None
    client.rules.get_all()
    client.rules.get_all(api_key="call")
    sent = [(request.headers.get("X-Auth-Token"), request.headers.get("St2-Api-Key")) for request in api.received]
    assert sent == [("mine", None), (None, "env"), (None, "call")]


def test_errors_carry_the_response(api: FakeApi, client: Client) -> None:
    api.answers["POST", "/rules"] = fault(409, "exists")
    with pytest.raises(HTTPError) as caught:
        client.rules.create(Rule(name="r"))
    assert caught.value.response.status_code == 409
    assert caught.value.response.json() == {"faultstring": "exists"}


def test_bad_settings(home: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        Client(cacert="/nowhere.pem")
    with pytest.raises(ConfigError, match="username:password"):
        Client(basic_auth="nonsense")
    assert Client(cacert="false").cacert is False
    assert Client(base_url="https://h").endpoints["api"] == "https://h/api/v1"
