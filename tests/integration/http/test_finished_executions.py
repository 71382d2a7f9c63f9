"""Executions that a worker really ran, read over a connection and held against the OpenAPI document."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from st2lite.models.statuses import COMPLETED
from st2lite.services.standalone import Standalone, standalone_config
from tests.openapi_contract import Contract
from tests.processes import PATIENCE


class Api:
    """A session with one running st2lite that checks every answer."""

    def __init__(self, url: str, token: str, contract: Contract) -> None:
        self._url = f"{url}/api"
        self._contract = contract
        self._session = requests.Session()
        self._session.headers["X-Auth-Token"] = token

    def call(self, method: str, path: str, **more: Any) -> Any:
        response = self._session.request(method, self._url + path, **more)
        self._contract.check(method, path, response.status_code, response.headers, response.content)
        is_json = response.headers["Content-Type"].startswith("application/json")
        return response.json() if is_json else response.text

    def run(self, action: str, until: frozenset[str] = COMPLETED, **parameters: Any) -> dict[str, Any]:
        """Run an action and return the execution as soon as it has one of these statuses."""
        made = self.call("POST", "/v1/executions", json={"action": action, "parameters": parameters})
        deadline = time.monotonic() + PATIENCE
        while True:
            view: dict[str, Any] = self.call("GET", f"/v1/executions/{made['id']}")
            if view["status"] in until:
                return view
            assert time.monotonic() < deadline, f"{action} is still {view['status']}"
            time.sleep(0.05)

    def close(self) -> None:
        self._session.close()


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, contract: Contract) -> Iterator[Api]:
    directory = tmp_path_factory.mktemp("standalone")
    service = Standalone(standalone_config(directory, "127.0.0.1", 0, []), directory)
    service.start()
    _, token = service.context.tokens.create("st2admin")
    opened = Api(service.url, token, contract)
    yield opened
    opened.close()
    service.stop()


def test_a_shell_command(api: Api) -> None:
    view = api.run("core.local", cmd="echo hello; echo oops >&2")
    assert (view["status"], view["result"]["stdout"], view["result"]["stderr"]) == ("succeeded", "hello", "oops")
    assert view["liveaction"]["runner_info"]["pid"] > 0
    assert [entry["status"] for entry in view["log"]] == ["requested", "scheduled", "running", "succeeded"]
    output = api.call("GET", f"/v1/executions/{view['id']}/output")
    assert sorted(output.splitlines()) == ["hello", "oops"]
    assert api.call("GET", f"/v1/executions/{view['id']}/output", params={"output_type": "stderr"}) == "oops\n"
    assert api.call("GET", f"/v1/executions/{view['id']}/attribute/result") == view["result"]


@pytest.mark.parametrize(
    ("action", "parameters", "status"),
    [
        ("core.noop", {}, "succeeded"),
        ("core.uuid", {}, "succeeded"),
        ("core.announcement", {"message": {"text": "hello"}}, "succeeded"),
        ("core.local", {"cmd": "exit 3"}, "failed"),
        ("core.local", {"cmd": "sleep 60", "timeout": 1}, "timeout"),
        ("core.http", {"url": "http://127.0.0.1:9/"}, "failed"),
    ],
)
def test_other_ends(api: Api, action: str, parameters: dict[str, Any], status: str) -> None:
    view = api.run(action, **parameters)
    assert view["status"] == status
    assert view["elapsed_seconds"] >= 0
    for part in ("children", "output", "result", "attribute/status"):
        api.call("GET", f"/v1/executions/{view['id']}/{part}")


def test_a_running_command_is_canceled(api: Api) -> None:
    view = api.run("core.local", frozenset({"running"}), cmd="sleep 60")
    assert api.call("DELETE", f"/v1/executions/{view['id']}")["status"] == "canceling"
    deadline = time.monotonic() + PATIENCE
    while api.call("GET", f"/v1/executions/{view['id']}/attribute/status") != "canceled":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    ended = api.call("GET", f"/v1/executions/{view['id']}")
    assert ended["result"]["message"] == "Action canceled by user."


def test_an_inquiry_is_answered(api: Api) -> None:
    view = api.run("core.ask", frozenset({"pending"}))
    assert view["id"] in [row["id"] for row in api.call("GET", "/v1/inquiries")]
    body = {"id": view["id"], "response": {"continue": True}}
    assert api.call("PUT", f"/v1/inquiries/{view['id']}", json=body)["response"] == {"continue": True}
    assert api.call("GET", f"/v1/executions/{view['id']}")["status"] == "succeeded"


def test_the_list_of_all_of_them(api: Api) -> None:
    api.run("core.noop")
    rows = api.call("GET", "/v1/executions", params={"limit": -1})
    assert {"core.noop"} <= {row["action"]["ref"] for row in rows}
    api.call("GET", "/v1/executions/views/filters")
