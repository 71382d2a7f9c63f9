"""The requests that the Web UI, the command line and chat bots send, letter for letter."""

from __future__ import annotations

from typing import Any

import pytest
from falcon import testing

from tests.integration.http.conftest import USER, ApiClient

READS = [
    # Web UI
    "/v1/actions?include_attributes=ref,pack,name,description,runner_type",
    "/v1/actions/views/overview/core.local",
    "/v1/actions/views/overview?include_attributes=ref,description,parameters",
    "/v1/actions/views/entry_point/core.pause",
    "/v1/executions?action=core.local&limit=5&exclude_attributes=trigger_instance&parent=null",
    "/v1/executions?parent=null&limit=50&offset=0&filter=&status=&include_attributes=id,status,start_timestamp,"
    "action.ref,action.name,action.runner_type,action.parameters,parameters,rule.ref,trigger.type,context.user",
    "/v1/executions/views/filters",
    "/v1/executions?parent=65f0aa0000000000000000aa&exclude_attributes=result,trigger_instance",
    "/v1/executions/last?max_result_size=102400",
    "/v1/executions/last?include_attributes=result",
    "/v1/executions/last/result?pretty_format=1",
    "/v1/executions/last/result?download=1&pretty_format=1",
    "/v1/executions/last/result?download=1&pretty_format=1&compress=1",
    "/v1/executions/last/output",
    "/v1/executions?runner=inquirer&limit=20&offset=0",
    "/v1/packs",
    "/v1/packs?include_attributes=name,description",
    "/v1/packs?include_attributes=ref,files",
    "/v1/packs/views/file/core/actions/local.yaml",
    "/v1/packs/views/file/core/actions/pause.py",
    # command line
    "/v1/actions?include_attributes=ref,pack,description",
    "/v1/actions/core.local",
    "/v1/runnertypes/?name=local-shell-cmd",
    "/v1/runnertypes",
    "/v1/executions/?limit=50&parent=null&sort_desc=True"
    "&include_attributes=id,action.ref,context.user,status,start_timestamp,end_timestamp",
    "/v1/executions/?limit=50&sort_asc=True&status=succeeded&action=core.local&user=st2admin",
    "/v1/executions/?limit=1",
    "/v1/executions/last?include_attributes=action.ref,action.runner_type,start_timestamp,end_timestamp,log,id,"
    "context.user,parameters,status,result,result_task",
    "/v1/executions/last?exclude_attributes=result",
    "/v1/executions/last?include_attributes=id,children",
    "/v1/executions/last/children/?depth=-1",
    "/v1/executions/last/output?output_type=stdout",
    "/v1/inquiries/?limit=50",
    "/v1/keys/?decrypt=false&scope=all&limit=50",
    "/v1/keys/?decrypt=true&scope=system&limit=50&prefix=a",
    "/v1/keys/colour?decrypt=false&scope=system",
    "/v1/apikeys?user=st2admin&show_secrets=True",
    "/v1/user",
    "/v1/packs/core",
]


@pytest.mark.parametrize("path", READS)
def test_reads(shared_client: ApiClient, path: str) -> None:
    shared_client.simulate_put("/v1/keys/colour", json={"name": "colour", "value": "blue"})
    identifier = shared_client.run("core.local", parameters={"cmd": "true"})
    shared_client.end(identifier, {"stdout": "", "succeeded": True})
    path, _, query = path.partition("?")
    result = shared_client.simulate_get(path, query_string=query)
    assert result.status_code == 200, result.text


def test_running_from_the_web_ui(client: ApiClient) -> None:
    body = {
        "action": "core.local",
        "parameters": {"cmd": "date"},
        "context": {"trace_context": {"trace_tag": "from the browser"}},
    }
    made = client.simulate_post("/v1/executions", json=body)
    assert made.status_code == 201
    assert made.json["action"]["ref"] == "core.local"
    again = client.simulate_post(
        f"/v1/executions/{made.json['id']}/re_run", json={"parameters": {"cmd": "id"}}, query_string="no_merge=true"
    )
    assert (again.status_code, again.json["parameters"]) == (201, {"cmd": "id"})
    canceled = client.simulate_delete(f"/v1/executions/{again.json['id']}")
    assert canceled.json["action"]["ref"] == "core.local"


def test_running_from_the_command_line(client: ApiClient) -> None:
    body: dict[str, Any] = {"action": "core.local", "parameters": {"cmd": "date"}, "user": None, "delay": 0}
    made = client.simulate_post("/v1/executions", json=body)
    assert (made.status_code, made.json["context"]["user"]) == (201, USER)
    body = {"parameters": {}, "tasks": [], "reset": [], "delay": 0}
    assert client.simulate_post(f"/v1/executions/{made.json['id']}/re_run", json=body).status_code == 201


def test_running_from_a_chat_bot(client: ApiClient) -> None:
    bot = testing.TestClient(client.app)
    result = bot.simulate_post(
        "/v1/executions",
        body='{"action": "core.noop"}',
        headers={"x-auth-token": client.token, "content-type": "application/json;charset=utf-8"},
    )
    assert result.status_code == 201


def test_enabling_and_disabling_from_the_command_line(client: ApiClient) -> None:
    client.simulate_post("/v1/actions", json={"name": "probe", "runner_type": "noop"})
    action = client.simulate_get("/v1/actions/default.probe").json
    del action["ref"]
    for enabled in (False, True):
        body = {**action, "enabled": enabled}
        assert client.simulate_put(f"/v1/actions/{action['id']}", json=body).json["enabled"] is enabled
    runner = client.simulate_get("/v1/runnertypes/", query_string="name=noop").json[0]
    for enabled in (False, True):
        body = {**runner, "enabled": enabled}
        assert client.simulate_put(f"/v1/runnertypes/{runner['id']}", json=body).json["enabled"] is enabled


def test_saving_from_the_workflow_designer(client: ApiClient) -> None:
    body = {
        "name": "drawn",
        "pack": "default",
        "runner_type": "noop",
        "enabled": True,
        "description": "",
        "entry_point": "workflows/drawn.yaml",
        "parameters": {},
        "tags": [],
        "notify": {},
        "metadata_file": "",
        "output_schema": {},
    }
    assert client.simulate_post("/v1/actions", json=body).status_code == 201
    action = client.simulate_get("/v1/actions/default.drawn").json
    assert client.simulate_put("/v1/actions/default.drawn", json={**action, "data_files": []}).status_code == 200
    made = client.simulate_post(
        "/v1/executions", json={"action": "default.drawn", "action_is_workflow": True, "parameters": {}}
    )
    (polled,) = client.simulate_get("/v1/executions", query_string=f"id={made.json['id']}").json
    assert polled["liveaction"]["action"] == "default.drawn"
