"""/webhooks: what other systems send becomes trigger instances, stored before the answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from falcon import testing

from st2lite.http.media import MAX_BODY
from st2lite.messaging.contract import RULES
from st2lite.models.errors import StoreUnavailable
from st2lite.models.trigger import TriggerInstance
from st2lite.reactor.dispatch import LARGEST_PAYLOAD
from st2lite.storage.contract import Order
from tests.integration.http.conftest import ApiClient
from tests.processes import PATIENCE


def listen(client: ApiClient, url: str = "alarm", name: str = "", **changes: Any) -> dict[str, Any]:
    trigger = {"type": "core.st2.webhook", "parameters": {"url": url}}
    body = {"name": name or url.replace("/", "-"), "trigger": trigger, "action": {"ref": "core.noop"}, **changes}
    result = client.simulate_post("/v1/rules", json=body)
    assert result.status_code == 201, result.text
    made: dict[str, Any] = result.json
    return made


def happened(client: ApiClient) -> list[TriggerInstance]:
    return client.context.store.find(TriggerInstance, order=(Order("occurrence_time"),))


@pytest.fixture
def storm(client: ApiClient) -> Iterator[ApiClient]:
    listen(client)
    yield client


def test_a_call_is_stored_and_announced_before_the_answer(storm: ApiClient) -> None:
    received: list[Any] = []
    arrived = threading.Event()

    def receive(message: Any, acknowledge: Any) -> None:
        received.append(message)
        acknowledge()
        arrived.set()

    body = {"host": "wéb1 ☃", "list": [1, None, {"x": True}]}
    headers = {"X-Custom": "Ünicode", "St2-Trace-Tag": "my tag", "Cookie": "a=b", "St2-Api-Key": "ignored"}
    result = storm.simulate_post("/v1/webhooks/alarm", json=body, headers=headers)
    assert (result.status_code, result.json) == (202, body)
    (event,) = happened(storm)
    assert (event.trigger_type, event.status) == ("core.st2.webhook", "pending")
    assert event.payload["body"] == body
    assert event.payload["headers"]["X-Custom"] == "Ünicode"
    assert event.payload["headers"]["Content-Type"] == "application/json"
    assert event.payload["headers_lower"] == {k.lower(): v for k, v in event.payload["headers"].items()}
    for secret in ("cookie", "st2-api-key", "x-auth-token", "st2-trace-tag"):
        assert secret not in event.payload["headers_lower"]
    assert event.trace_context == {"id_": event.id, "trace_tag": "my tag"}
    consumer = storm.context.bus.consume(RULES, receive, prefetch=1)
    assert arrived.wait(PATIENCE)
    consumer.stop()
    assert received[0].instance == event


def test_a_call_costs_one_write_and_one_message(storm: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    storm.simulate_post("/v1/webhooks/alarm", json={})
    calls: list[str] = []
    backend = storm.context.store._store
    for owner, names in ((backend, ("insert", "insert_many", "replace", "get", "find", "count")),
                         (storm.context.bus, ("publish",))):  # fmt: skip
        for name in names:
            original = getattr(owner, name)
            monkeypatch.setattr(
                owner,
                name,
                lambda *a, _name=name, _original=original, **k: (calls.append(_name), _original(*a, **k))[1],
            )
    assert storm.simulate_post("/v1/webhooks/alarm", json={"n": 1}).status_code == 202
    assert calls == ["insert", "publish"]


@pytest.mark.parametrize("path", ["alarm", "alarm/", "/alarm", "alarm?x=1"])
def test_slashes_at_the_ends_do_not_matter(storm: ApiClient, path: str) -> None:
    assert storm.simulate_post(f"/v1/webhooks/{path}", json={}).status_code == 202


def test_paths_may_have_slashes_and_any_letters(client: ApiClient) -> None:
    made = listen(client, "/git/hüb/push/")
    assert client.simulate_post("/webhooks/git/hüb/push", json=[1]).status_code == 202
    assert client.simulate_post("/webhooks/git%2Fh%C3%BCb/push", json=[1]).status_code == 202
    assert client.simulate_post("/webhooks/git", json=[1]).status_code == 404
    assert {event.trigger for event in happened(client)} == {made["trigger"]["ref"]}
    assert client.simulate_get("/v1/webhooks/git/hüb/push").json["parameters"] == {"url": "/git/hüb/push/"}


def test_a_path_may_begin_like_the_generic_webhook(client: ApiClient) -> None:
    listen(client, "st2/push")
    assert client.simulate_post("/v1/webhooks/st2/push", json={"n": 1}).status_code == 202
    assert happened(client)[0].payload["body"] == {"n": 1}
    assert client.simulate_get("/v1/webhooks/st2").status_code == 404


def test_what_no_rule_listens_for_is_not_found(client: ApiClient) -> None:
    result = client.simulate_post("/v1/webhooks/alarm", json={})
    assert (result.status_code, result.json["faultstring"]) == (404, "Webhook alarm not registered with st2")
    assert client.simulate_get("/v1/webhooks/alarm").status_code == 404
    rule = listen(client, enabled=False)
    assert client.simulate_post("/v1/webhooks/alarm", json={}).status_code == 202, "a disabled rule listens, too"
    client.simulate_delete(f"/v1/rules/{rule['id']}")
    assert client.simulate_post("/v1/webhooks/alarm", json={}).status_code == 404
    assert len(happened(client)) == 1


def test_each_trigger_of_a_path_happens_once_and_all_in_one_trace(client: ApiClient) -> None:
    for url in ("alarm", "/alarm", "alarm/"):
        listen(client, url, name=f"rule-{len(url)}-{url.find('/')}")
    client.simulate_post("/v1/webhooks/alarm", json={})
    events = happened(client)
    assert len({event.trigger for event in events}) == len(events) == 3
    assert len({event.trace["id_"] for event in events}) == 1
    assert events[0].trace["trace_tag"].startswith("webhook-alarm-")


def test_forms(storm: ApiClient) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    result = storm.simulate_post("/v1/webhooks/alarm", body="a=1&a=2&b=%E2%98%83&c=", headers=headers)
    assert (result.status_code, result.json) == (202, {"a": ["1", "2"], "b": ["☃"], "c": [""]})
    boundary = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n☃\r\n--x--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    result = storm.simulate_post("/v1/webhooks/alarm", body=boundary.encode(), headers=headers)
    assert (result.status_code, result.json) == (202, {"a": ["☃"]})
    assert [event.payload["body"] for event in happened(storm)] == [
        {"a": ["1", "2"], "b": ["☃"], "c": [""]},
        {"a": ["☃"]},
    ]


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        (b"{", "application/json", "Failed to parse request body"),
        (b'"text"', "application/json", "JSON object or array"),
        (b"null", "application/json", "JSON object or array"),
        (b"5", "application/json", "JSON object or array"),
        (b'{"a": "\xff"}', "application/json", "Failed to parse request body"),
        (b"[" * 200 + b"]" * 200, "application/json", "deep"),
        (b"<a/>", "application/xml", "Unsupported Content-Type"),
        (b"a=\xff", "application/x-www-form-urlencoded", "Failed to parse request body"),
    ],
)
def test_bodies_that_are_refused(storm: ApiClient, body: bytes, kind: str, text: str) -> None:
    result = storm.simulate_post("/v1/webhooks/alarm", body=body, headers={"Content-Type": kind})
    assert result.status_code == 400
    assert text in result.json["faultstring"]
    assert happened(storm) == []


def test_huge_bodies_are_refused(storm: ApiClient) -> None:
    headers = {"Content-Type": "application/json"}
    result = storm.simulate_post("/v1/webhooks/alarm", body=b'["' + b"x" * LARGEST_PAYLOAD + b'"]', headers=headers)
    assert result.status_code == 400
    assert str(LARGEST_PAYLOAD) in result.json["faultstring"]
    result = storm.simulate_post("/v1/webhooks/alarm", body=b" " * (MAX_BODY + 1), headers=headers)
    assert result.status_code == 413
    assert happened(storm) == []


def test_half_a_surrogate_pair_is_refused(storm: ApiClient) -> None:
    result = storm.simulate_post(
        "/v1/webhooks/alarm", body=rb'{"a": "\ud800"}', headers={"Content-Type": "application/json"}
    )
    assert result.status_code == 400


def test_nothing_is_accepted_while_the_store_is_away(storm: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert storm.simulate_post("/v1/webhooks/alarm", json={}).status_code == 202

    def away(*_: Any) -> None:
        raise StoreUnavailable("the database does not answer")

    monkeypatch.setattr(storm.context.store._store, "insert", away)
    result = storm.simulate_post("/v1/webhooks/alarm", json={})
    assert (result.status_code, result.json) == (503, {"faultstring": "the database does not answer"})


def test_credentials_are_needed(storm: ApiClient) -> None:
    bare = testing.TestClient(storm.app)
    assert bare.simulate_post("/v1/webhooks/alarm", json={}).status_code == 401
    key = storm.simulate_post("/v1/apikeys").json["key"]
    assert bare.simulate_post("/v1/webhooks/alarm", json={}, headers={"St2-Api-Key": key}).status_code == 202
    assert bare.simulate_post("/v1/webhooks/alarm", json={}, params={"st2-api-key": key}).status_code == 202
    assert key not in repr(happened(storm))


def test_the_generic_webhook_emits_any_trigger(client: ApiClient) -> None:
    client.simulate_post("/v1/triggertypes", json={"name": "disk.full", "payload_schema": {"type": "object"}})
    body = {"trigger": "default.disk.full", "payload": {"host": "wéb1"}}
    result = client.simulate_post("/v1/webhooks/st2", json=body, headers={"St2-Trace-Tag": "mine"})
    assert (result.status_code, result.json) == (202, body)
    assert client.simulate_post("/v1/webhooks/st2", json={"trigger": "default.disk.full"}).status_code == 202
    first, second = happened(client)
    assert (first.trigger, first.payload, first.trace["trace_tag"]) == (body["trigger"], body["payload"], "mine")
    assert (second.payload, second.trace["trace_tag"][:12]) == ({}, "webhook-st2-")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "Trigger not specified."),
        ({"trigger": ""}, "Trigger not specified."),
        ({"trigger": 5}, "Trigger not specified."),
        ([], "JSON object"),
        ({"trigger": "no.such"}, 'Trigger "no.such" is not known'),
        ({"trigger": "core.st2.generic.inquiry", "payload": []}, "payload"),
        ({"trigger": "core.st2.generic.inquiry", "payload": {"id": 5, "route": "x"}}, "payload"),
    ],
)
def test_what_the_generic_webhook_refuses(shared_client: ApiClient, body: Any, text: str) -> None:
    result = shared_client.simulate_post("/v1/webhooks/st2", json=body)
    assert result.status_code == 400
    assert text in result.json["faultstring"]


def test_calls_from_many_threads_are_all_kept(storm: ApiClient) -> None:
    statuses: list[int] = []

    def call(number: int) -> None:
        for turn in range(20):
            statuses.append(storm.simulate_post("/v1/webhooks/alarm", json=[number, turn]).status_code)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [202] * 80
    kept = [tuple(event.payload["body"]) for event in happened(storm)]
    assert sorted(kept) == [(number, turn) for number in range(4) for turn in range(20)]


def test_the_list_shows_what_rules_listen_for(client: ApiClient) -> None:
    assert client.simulate_get("/v1/webhooks").json == []
    listen(client, "b")
    rule = listen(client, "a")
    assert sorted(row["parameters"]["url"] for row in client.simulate_get("/v1/webhooks/").json) == ["a", "b"]
    row = client.simulate_get("/v1/webhooks/a").json
    assert (row["type"], row["ref"]) == ("core.st2.webhook", rule["trigger"]["ref"])
