"""One execution over HTTP: request, read, change, cancel, re-run, and its parts."""

from __future__ import annotations

import gzip
import json

import pytest

from st2lite.executions.requests import LARGEST_REQUEST
from st2lite.http.media import MAX_BODY
from st2lite.models.action import Action, RunnerType
from st2lite.models.execution import OutputChunk
from st2lite.models.ids import new_id
from tests.integration.http.conftest import USER, ApiClient

UNKNOWN = "65f0aa0000000000000000ff"


def test_a_request_answers_201_with_the_whole_execution(client: ApiClient) -> None:
    result = client.simulate_post(
        "/v1/executions", json={"action": "core.local", "parameters": {"cmd": "date"}, "action_is_workflow": True}
    )
    assert result.status_code == 201
    view = result.json
    assert (view["status"], view["action"]["ref"], view["runner"]["name"]) == (
        "requested",
        "core.local",
        "local-shell-cmd",
    )
    assert view["liveaction"]["action"] == "core.local"
    assert view["liveaction"]["parameters"] == view["parameters"] == {"cmd": "date"}
    assert view["context"] == {"user": USER, "pack": "core"}
    assert [entry["status"] for entry in view["log"]] == ["requested"]
    assert view["web_url"].endswith(f"/#/history/{view['id']}/general")
    assert client.fetch(view["id"]) == view


def test_attributes_without_a_value_are_absent(client: ApiClient) -> None:
    view = client.fetch(client.run())
    assert not {"result", "result_size", "parameters", "children", "end_timestamp", "elapsed_seconds"} & view.keys()
    assert not {"parent", "rule", "trigger", "trigger_type", "trigger_instance", "delay", "notify"} & view.keys()


def test_last_is_the_newest_execution(client: ApiClient) -> None:
    client.run()
    newest = client.run()
    assert client.fetch("last")["id"] == newest
    assert client.simulate_get("/v1/executions/last/output").status_code == 200


@pytest.mark.parametrize("identifier", ["last", UNKNOWN, "not-an-id", "%00"])
@pytest.mark.parametrize("part", ["", "/output", "/result", "/children", "/attribute/status"])
def test_unknown_executions_are_404(client: ApiClient, identifier: str, part: str) -> None:
    result = client.simulate_get(f"/v1/executions/{identifier}{part}")
    assert result.status_code == 404
    assert "Unable to identify resource with id" in result.json["faultstring"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, 'Required field "action" is missing.'),
        ({"action": "no.such"}, 'Action "no.such" cannot be found.'),
        ({"action": 5}, "action: Expected str"),
        ({"action": "core.noop", "parameters": []}, "parameters: Expected object"),
        ({"action": "core.noop", "delay": "soon"}, "delay: Expected int"),
        ({"action": "core.noop", "delay": -1}, "delay"),
        ({"action": "core.noop", "delay": 10**30}, "delay"),
        ({"action": "core.noop", "context": "x"}, "context: Expected object"),
        ({"action": "core.noop", "notify": {"whenever": {}}}, "notify"),
        ({"action": "core.local", "parameters": {}}, "cmd"),
        ({"action": "core.local", "parameters": {"cmd": "true", "colour": "blue"}}, "colour"),
        ({"action": "core.local", "parameters": {"cmd": "true", "timeout": "soon"}}, "timeout"),
        ({"action": "core.local", "parameters": {"cmd": "true", "sudo": True}}, "immutable"),
    ],
)
def test_bad_requests_name_what_is_wrong_and_leave_nothing_behind(client: ApiClient, body: object, text: str) -> None:
    result = client.simulate_post("/v1/executions", json=body)
    assert result.status_code == 400
    assert text in result.json["faultstring"]
    assert client.simulate_get("/v1/executions").json == []


@pytest.mark.parametrize(
    "body", ["[1]", "null", '"text"', "{", "{'a': 1}", '{"action": "\ud800"}', r'{"action": "\ud800"}']
)
def test_bodies_that_are_no_object_are_refused(client: ApiClient, body: str) -> None:
    result = client.simulate_post("/v1/executions", body=body.encode("utf-8", "surrogatepass"))
    assert result.status_code == 400


def test_json_is_the_default_content_type_and_parameters_of_it_are_ignored(client: ApiClient) -> None:
    body = json.dumps({"action": "core.noop"})
    for kind in (None, "application/json; charset=utf-8", "text/plain"):
        assert client.simulate_post("/v1/executions", body=body, content_type=kind).status_code == 201
    result = client.simulate_post("/v1/executions", body=body, content_type="application/xml")
    assert result.status_code == 400
    assert 'Unsupported Content-Type: "application/xml"' in result.json["faultstring"]


@pytest.mark.parametrize("nested", ["[" * 200 + "]" * 200, '{"a":' * 200 + "1" + "}" * 200, "[" * 10**5 + "]" * 10**5])
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/executions", '{"action": "core.noop", "context": {"x": %s}}'),
        ("POST", "/v1/executions", '{"action": "core.noop", "parameters": {"x": %s}}'),
        ("POST", "/v1/apikeys", '{"metadata": {"x": %s}}'),
        ("POST", "/v1/actions", '{"name": "deep", "runner_type": "noop", "parameters": {"x": {"default": %s}}}'),
        ("PUT", "/v1/keys/deep", '{"value": %s}'),
    ],
)
def test_bottomless_bodies_are_refused(client: ApiClient, method: str, path: str, body: str, nested: str) -> None:
    result = client.simulate_request(method, path, body=body % nested)
    assert result.status_code == 400
    assert "nested" in result.json["faultstring"]


def test_large_bodies_that_are_flat_are_taken(client: ApiClient) -> None:
    client.run(context={"rows": [{"number": number, "tags": []} for number in range(1000)]})


def test_bodies_beyond_the_limit_are_refused(client: ApiClient) -> None:
    result = client.simulate_post("/v1/executions", body=b" " * (MAX_BODY + 1))
    assert (result.status_code, str(MAX_BODY) in result.json["faultstring"]) == (413, True)


@pytest.mark.parametrize(
    "body",
    [
        {"action": "core.local", "parameters": {"cmd": "x" * LARGEST_REQUEST}},
        {"action": "core.noop", "context": {"x": "\x01" * (LARGEST_REQUEST // 6)}},
    ],
)
def test_more_than_every_store_keeps_is_refused_at_once(client: ApiClient, body: dict[str, object]) -> None:
    result = client.simulate_post("/v1/executions", json=body)
    assert result.status_code == 400
    assert f"the most that is kept is {LARGEST_REQUEST}" in result.json["faultstring"]


def test_a_disabled_action_does_not_run(client: ApiClient) -> None:
    client.simulate_post("/v1/actions", json={"name": "probe", "runner_type": "noop", "enabled": False})
    result = client.simulate_post("/v1/executions", json={"action": "default.probe"})
    assert result.status_code == 400
    assert result.json["faultstring"] == 'Unable to execute. Action "default.probe" is disabled.'


def test_a_template_that_fails_leaves_a_failed_execution_and_answers_400(client: ApiClient) -> None:
    result = client.simulate_post(
        "/v1/executions", json={"action": "core.local", "parameters": {"cmd": "{{ nothing.at.all }}"}}
    )
    assert result.status_code == 400
    (row,) = client.simulate_get("/v1/executions").json
    assert row["status"] == "failed"
    assert row["result"]["error"] == result.json["faultstring"]


def test_the_context_header_is_merged_into_the_context(client: ApiClient) -> None:
    result = client.simulate_post(
        "/v1/executions",
        json={"action": "core.noop", "context": {"source": "body", "kept": 1}},
        headers={"st2-context": '{"source": "header"}'},
    )
    assert result.json["context"] == {"source": "header", "kept": 1, "user": USER, "pack": "core"}


@pytest.mark.parametrize("header", ["[]", "text", "{", "5"])
def test_a_context_header_that_is_no_object_is_refused(client: ApiClient, header: str) -> None:
    result = client.simulate_post("/v1/executions", json={"action": "core.noop"}, headers={"st2-context": header})
    assert result.status_code == 400
    assert "st2-context" in result.json["faultstring"]


def test_run_for_another_user_and_later(client: ApiClient) -> None:
    view = client.fetch(client.run(user="alice", delay=60000))
    assert (view["context"]["user"], view["delay"]) == ("alice", 60000)


def test_secrets_are_masked_and_shown_on_request(client: ApiClient) -> None:
    body = {"action": "core.local_sudo", "parameters": {"cmd": "true", "sudo_password": "hush"}}
    masked = client.simulate_post("/v1/executions", json=body).json
    assert masked["parameters"]["sudo_password"] == "********"
    assert masked["liveaction"]["parameters"]["sudo_password"] == "********"
    shown = client.simulate_post("/v1/executions", json=body, params={"show_secrets": "true"}).json
    assert shown["parameters"]["sudo_password"] == "hush"
    assert client.fetch(shown["id"])["parameters"]["sudo_password"] == "********"
    assert client.fetch(shown["id"], show_secrets="True")["liveaction"]["parameters"]["sudo_password"] == "hush"


def test_a_result_larger_than_asked_for_is_left_out(client: ApiClient) -> None:
    identifier = client.run()
    client.end(identifier, {"text": "x" * 1000})
    assert "result" not in client.fetch(identifier, max_result_size=100)
    assert client.fetch(identifier, max_result_size=100)["result_size"] > 1000
    assert "result" in client.fetch(identifier, max_result_size=2000)
    for bad in ("0", str(15 * 1024 * 1024), "big"):
        result = client.simulate_get(f"/v1/executions/{identifier}", params={"max_result_size": bad})
        assert result.status_code == 400


def test_attributes_of_one_execution_can_be_selected(client: ApiClient) -> None:
    identifier = client.run()
    client.end(identifier, {"answer": 42})
    assert client.fetch(identifier, include_attributes="result") == {"id": identifier, "result": {"answer": 42}}
    assert "result" not in client.fetch(identifier, exclude_attributes="result")


def test_putting_a_status_and_a_result_ends_an_execution(client: ApiClient) -> None:
    identifier = client.run()
    client.end(identifier, {"answer": 42})
    view = client.fetch(identifier)
    assert (view["status"], view["result"]) == ("succeeded", {"answer": 42})
    assert view["end_timestamp"] > view["start_timestamp"]
    assert view["elapsed_seconds"] >= 0
    assert [entry["status"] for entry in view["log"]] == ["requested", "succeeded"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"status": "succeeded"}, "Execution is already in completed state."),
        ({"result": 1}, "Execution is already in completed state."),
    ],
)
def test_a_completed_execution_does_not_change(client: ApiClient, body: object, text: str) -> None:
    identifier = client.run()
    client.end(identifier)
    result = client.simulate_put(f"/v1/executions/{identifier}", json=body)
    assert (result.status_code, result.json["faultstring"]) == (400, text)


@pytest.mark.parametrize(
    "body", [{"status": "done"}, {"status": "succeeded", "parameters": {}}, {"status": 5}, {"status": "pausing"}]
)
def test_bad_updates_are_refused(client: ApiClient, body: object) -> None:
    identifier = client.run()
    assert client.simulate_put(f"/v1/executions/{identifier}", json=body).status_code == 400
    assert client.fetch(identifier)["status"] == "requested"


def add_workflow(client: ApiClient) -> None:
    store = client.context.store
    if client.simulate_get("/v1/runnertypes/action-chain").status_code == 404:
        store.insert(RunnerType(name="action-chain", runner_module="action_chain"))
    store.insert(Action(name="chain", pack="examples", runner_type="action-chain"))


def test_pausing_and_resuming_a_workflow(client: ApiClient) -> None:
    add_workflow(client)
    identifier = client.run("examples.chain")
    path = f"/v1/executions/{identifier}"
    assert client.simulate_put(path, json={"status": "pausing"}).status_code == 400, "it does not run yet"
    client.simulate_put(path, json={"status": "running"})
    view = client.simulate_put(path, json={"status": "pausing"}).json
    assert (view["status"], view["context"]["paused_by"]) == ("pausing", USER)
    assert client.simulate_put(path, json={"status": "paused"}).json["status"] == "paused"
    assert client.simulate_put(path, json={"status": "pausing"}).json["status"] == "paused"
    view = client.simulate_put(path, json={"status": "resuming"}).json
    assert (view["status"], view["context"]["resumed_by"]) == ("resuming", USER)


def test_canceling_waits_for_active_children(client: ApiClient) -> None:
    add_workflow(client)
    identifier = client.run("examples.chain")
    path = f"/v1/executions/{identifier}"
    client.simulate_put(path, json={"status": "running"})
    child = client.run(context={"parent": {"execution_id": identifier}})
    assert client.simulate_put(path, json={"status": "canceling"}).json["status"] == "canceling"
    assert client.simulate_put(path, json={"status": "canceled"}).json["status"] == "canceling"
    client.end(child)
    assert client.simulate_put(path, json={"status": "canceled"}).json["status"] == "canceled"


def test_deleting_cancels(client: ApiClient) -> None:
    identifier = client.run()
    view = client.simulate_delete(f"/v1/executions/{identifier}").json
    assert view["status"] == "canceled"
    assert view["result"] == {"message": "Action canceled by user.", "user": USER}
    assert view["context"]["cancelled_by"] == USER
    assert view["action"]["ref"] == "core.noop"
    again = client.simulate_delete(f"/v1/executions/{identifier}")
    assert (again.status_code, again.json["status"]) == (200, "canceled")


def test_deleting_a_running_execution_asks_its_worker(client: ApiClient) -> None:
    identifier = client.run()
    client.simulate_put(f"/v1/executions/{identifier}", json={"status": "running"})
    assert client.simulate_delete(f"/v1/executions/{identifier}").json["status"] == "canceling"


def test_what_cannot_be_canceled_answers_200_with_a_faultstring(client: ApiClient) -> None:
    identifier = client.run()
    client.end(identifier)
    result = client.simulate_delete(f"/v1/executions/{identifier}")
    assert result.status_code == 200
    assert result.json == {"faultstring": "Action cannot be canceled. State = succeeded."}


def test_running_again_keeps_original_parameters_under_the_given_ones(client: ApiClient) -> None:
    original = client.run(
        "core.local_sudo",
        parameters={"cmd": "true", "sudo_password": "hush", "timeout": 5},
        context={"trace_context": {"trace_tag": "t1"}},
    )
    result = client.simulate_post(
        f"/v1/executions/{original}/re_run", json={"parameters": {"timeout": 9}}, query_string="no_merge=true"
    )
    assert result.status_code == 201
    view = client.fetch(result.json["id"], show_secrets="true")
    assert view["parameters"] == {"cmd": "true", "sudo_password": "hush", "timeout": 9}
    assert view["context"]["re-run"] == {"ref": original}
    assert view["context"]["trace_context"] == {"id_": original, "trace_tag": "t1"}


def test_running_again_needs_no_body(client: ApiClient) -> None:
    original = client.run()
    assert client.simulate_post(f"/v1/executions/{original}/re_run").status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {"parameters": {"timeout": 9}, "tasks": ["a"]},
        {"parameters": {"timeout": 9}, "reset": ["a"]},
        {"tasks": ["a"], "reset": ["b"]},
        {"tasks": ["a"]},
        {"tasks": "a"},
        {"parameters": {"colour": "blue"}},
    ],
)
def test_bad_re_runs_are_refused(client: ApiClient, body: object) -> None:
    original = client.run("core.local", parameters={"cmd": "true"})
    result = client.simulate_post(f"/v1/executions/{original}/re_run", json=body)
    assert result.status_code == 400


def test_children_by_depth_and_order(client: ApiClient) -> None:
    root = client.run()
    first = client.run(context={"parent": {"execution_id": root}})
    second = client.run(context={"parent": {"execution_id": root}})
    grandchild = client.run(context={"parent": {"execution_id": first}})

    def children(query: str) -> list[str]:
        result = client.simulate_get(f"/v1/executions/{root}/children/", query_string=query)
        return [row["id"] for row in result.json]

    assert children("depth=-1") == children("") == [first, grandchild, second]
    assert children("depth=1") == [first, second]
    assert children("depth=-1&result_fmt=sorted") == [first, second, grandchild]
    client.end(grandchild, {"answer": 42})
    rows = client.simulate_get(f"/v1/executions/{root}/children").json
    assert [row.get("result") for row in rows] == [None, {"answer": 42}, None]
    assert client.fetch(root)["children"] == [first, second]
    assert client.fetch(first)["parent"] == root


def test_single_attributes_are_bare_values(client: ApiClient) -> None:
    identifier = client.run()
    path = f"/v1/executions/{identifier}/attribute"
    assert client.simulate_get(f"{path}/status").json == "requested"
    assert client.simulate_get(f"{path}/result").json is None
    assert client.simulate_get(f"{path}/trigger_instance").json is None
    client.end(identifier, [1, 2])
    assert client.simulate_get(f"{path}/result").json == [1, 2]
    result = client.simulate_get(f"{path}/parameters")
    assert (result.status_code, "parameters" in result.json["faultstring"]) == (400, True)


def test_output_is_plain_text(client: ApiClient) -> None:
    identifier = client.run("core.local", parameters={"cmd": "true"})
    for number, (kind, data) in enumerate([("stdout", "one\n"), ("stderr", "oops\n"), ("stdout", "two ä\n")]):
        client.context.store.insert(
            OutputChunk(
                id=new_id(),
                execution_id=identifier,
                action_ref="core.local",
                runner_ref="local-shell-cmd",
                timestamp=f"2026-01-31T12:00:0{number}.000000Z",
                output_type=kind,
                data=data,
            )
        )
    path = f"/v1/executions/{identifier}/output"
    result = client.simulate_get(path)
    assert (result.text, result.headers["Content-Type"].partition(";")[0]) == ("one\noops\ntwo ä\n", "text/plain")
    assert client.simulate_get(path, params={"output_type": "stderr"}).text == "oops\n"
    assert client.simulate_get(path, params={"output_type": "all"}).text == result.text
    assert client.simulate_get(path, params={"output_type": "video"}).status_code == 400


def test_raw_results(client: ApiClient) -> None:
    identifier = client.run("core.local_sudo", parameters={"cmd": "true", "sudo_password": "hush"})
    path = f"/v1/executions/{identifier}/result"
    assert client.simulate_get(path).json is None
    client.end(identifier, {"b": [1, 2], "a": "ä"})
    raw = client.simulate_get(path)
    assert (raw.content, raw.headers["Content-Type"]) == ('{"b":[1,2],"a":"ä"}'.encode(), "text/json")
    pretty = client.simulate_get(path, params={"pretty_format": "1"})
    assert pretty.text.splitlines()[1] == '    "b": ['
    download = client.simulate_get(path, params={"download": "1"})
    assert download.headers["Content-Disposition"] == f"attachment; filename=execution_{identifier}_result.json"
    packed = client.simulate_get(path, params={"download": "1", "compress": "1"})
    assert packed.headers["Content-Type"] == "application/x-gzip"
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Content-Disposition"].endswith("_result.json.gz")
    assert json.loads(gzip.decompress(packed.content)) == {"b": [1, 2], "a": "ä"}
