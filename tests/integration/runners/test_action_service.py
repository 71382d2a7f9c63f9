"""The action_service of python actions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest

from tests.python_pack import PythonPack
from tests.servers.web import Answer, Received, WebServer


class TestActionService:
    """Against a stand-in for the API that keeps items in memory; what it is asked is looked at too."""

    @pytest.fixture
    def api(self) -> Iterator[WebServer]:
        items: dict[str, dict[str, Any]] = {}

        def answer(request: Received) -> Answer:
            path = unquote(request.path)
            name = path.removeprefix("/v1/keys/")
            if path == "/v1/user":
                return Answer(200, b'{"username": "joe"}')
            if path == "/v1/keys":
                start = request.query.get("prefix", [""])[0]
                return Answer(200, json.dumps([item for key, item in items.items() if key.startswith(start)]).encode())
            if name == "broken":
                return Answer(500, b"oops")
            if request.method == "PUT":
                items[name] = {"id": "1", "secret": False, **json.loads(request.body)}
            if name not in items:
                return Answer(404, b'{"faultstring": "no such item"}')
            if request.method == "DELETE":
                del items[name]
                return Answer(204)
            return Answer(200, json.dumps(items[name]).encode())

        with WebServer({"/v1": answer}) as server:
            yield server

    def call(self, host: PythonPack, api: WebServer, body: str) -> Any:
        run = host.prepare(body)
        outcome = host.runner.run(replace(run, api_url=api.url("/v1")))
        assert outcome.status == "succeeded", outcome.result["stderr"]
        return outcome.result["result"]

    def test_values_come_and_go(self, host: PythonPack, api: WebServer) -> None:
        body = (
            "s = self.action_service\n"
            "seen = [s.get_value('a'), s.set_value('a', 5, ttl=60), s.get_value('a'), s.get_value('a', local=False)]\n"
            "s.datastore_service.set_value(name='b', value='x', local=False, encrypt=True)\n"
            "seen.append([(kv.name, kv.value) for kv in s.list_values()])\n"
            "seen.append([kv.name for kv in s.list_values(local=False, prefix='b', limit=5, offset=2)])\n"
            "seen += [s.delete_value('a'), s.delete_value('a'), s.get_user_info()]\n"
            "return seen"
        )
        assert self.call(host, api, body) == [
            None, True, "5", None, [["examples.Act:a", "5"]], ["b"], True, False, {"username": "joe"},
        ]  # fmt: skip
        assert {request.headers["X-Auth-Token"] for request in api.received} == {"token-of-the-run"}
        puts = [json.loads(request.body) for request in api.received if request.method == "PUT"]
        assert puts == [
            {"name": "examples.Act:a", "value": "5", "scope": "system", "ttl": 60},
            {"name": "b", "value": "x", "scope": "system", "secret": True},
        ]
        lists = [request.query for request in api.received if request.path == "/v1/keys"]
        assert lists[0] == {"prefix": ["examples.Act:"], "limit": ["100"]}
        assert lists[1] == {"prefix": ["b"], "limit": ["5"], "offset": ["2"]}

    def test_decryption_is_asked_for(self, host: PythonPack, api: WebServer) -> None:
        self.call(host, api, "return self.action_service.get_value('a', decrypt=True)")
        assert api.received[0].query == {"scope": ["system"], "decrypt": ["true"]}

    def test_errors_of_reading_are_logged_and_give_nothing(self, host: PythonPack, api: WebServer) -> None:
        run = host.prepare("return self.action_service.get_value('broken', local=False)")
        outcome = host.runner.run(replace(run, api_url=api.url("/v1")))
        assert outcome.result["result"] is None
        assert "broken cannot be read: 500" in outcome.result["stderr"]
        gone = host.runner.run(replace(run, api_url="http://127.0.0.1:1/v1"))
        assert "the API does not answer" in gone.result["stderr"]

    def test_other_scopes_are_refused(self, host: PythonPack, api: WebServer) -> None:
        run = host.prepare("self.action_service.get_value('a', scope='user')")
        assert 'Scope "user" is not supported' in host.runner.run(run).result["stderr"]
        assert api.received == []
