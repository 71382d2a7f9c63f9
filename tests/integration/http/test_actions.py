"""/actions and their views."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.http.conftest import ApiClient

NEW: dict[str, Any] = {
    "name": "probe",
    "pack": "greetings",
    "runner_type": "local-shell-cmd",
    "description": "Says hello.",
    "parameters": {"cmd": {"default": "echo hello"}, "who": {"type": "string", "position": 0}},
    "tags": [{"name": "colour", "value": "blue"}],
}


@pytest.fixture
def pack(client: ApiClient, packs_dir: Path) -> Path:
    directory = packs_dir / "greetings"
    (directory / "actions").mkdir(parents=True)
    (directory / "pack.yaml").write_text("name: greetings\ndescription: d\nversion: 1.0.0\nauthor: a\nemail: a@b.com\n")
    assert client.simulate_post("/v1/packs/register", json={"packs": ["greetings"]}).status_code == 200
    return directory


def create(client: ApiClient, **more: Any) -> dict[str, Any]:
    result = client.simulate_post("/v1/actions", json={**NEW, **more})
    assert result.status_code == 201, result.text
    view: dict[str, Any] = result.json
    return view


def test_without_a_limit_all_rows_come_in_order(client: ApiClient) -> None:
    result = client.simulate_get("/v1/actions")
    refs = [row["ref"] for row in result.json]
    assert refs == sorted(refs)
    assert {"core.local", "core.noop", "core.remote", "core.http", "core.ask"} <= set(refs)
    assert "X-Limit" not in result.headers
    assert result.headers["X-Total-Count"] == str(len(refs))
    page = client.simulate_get("/v1/actions/", query_string="limit=2&offset=1")
    assert [row["ref"] for row in page.json] == refs[1:3]
    assert (page.headers["X-Limit"], page.headers["X-Total-Count"]) == ("2", str(len(refs)))


def test_filters(client: ApiClient, pack: Path) -> None:
    create(client)

    def refs(query: str) -> list[str]:
        return [row["ref"] for row in client.simulate_get("/v1/actions", query_string=query).json]

    assert refs("pack=greetings") == ["greetings.probe"]
    assert refs("name=noop") == ["core.noop"]
    assert refs("tags=colour") == ["greetings.probe"]
    assert refs("tags=shape") == []
    identifier = client.simulate_get("/v1/actions/core.noop").json["id"]
    assert refs(f"id={identifier}") == ["core.noop"]


def test_what_the_web_ui_and_the_command_line_ask_for(client: ApiClient) -> None:
    query = "include_attributes=ref,pack,name,description,runner_type"
    row = client.simulate_get("/v1/actions", query_string=query).json[0]
    assert sorted(row) == ["description", "id", "name", "pack", "ref", "runner_type"]
    row = client.simulate_get("/v1/actions", query_string="exclude_attributes=parameters,notify").json[0]
    assert "parameters" not in row
    assert client.simulate_get("/v1/actions", query_string="exclude_attributes=name").status_code == 400


def test_by_ref_and_by_id(client: ApiClient) -> None:
    action = client.simulate_get("/v1/actions/core.local").json
    assert (action["uid"], action["runner_type"]) == ("action:core:local", "local-shell-cmd")
    assert client.simulate_get(f"/v1/actions/{action['id']}").json == action
    for unknown in ("core.nothing", "65f0aa0000000000000000ff", "nothing"):
        assert client.simulate_get(f"/v1/actions/{unknown}").status_code == 404


def test_creating_and_running(client: ApiClient, pack: Path) -> None:
    made = create(client)
    assert (made["ref"], made["enabled"], made["tags"]) == ("greetings.probe", True, NEW["tags"])
    assert client.simulate_get("/v1/actions/greetings.probe").json == made
    assert client.fetch(client.run("greetings.probe"))["action"] == made


def test_a_second_one_of_the_same_name_is_a_conflict(client: ApiClient, pack: Path) -> None:
    made = create(client)
    result = client.simulate_post("/v1/actions", json=NEW)
    assert (result.status_code, result.json["conflict-id"]) == (409, made["id"])


def test_the_pack_is_default_when_none_is_given(client: ApiClient) -> None:
    result = client.simulate_post("/v1/actions", json={"name": "probe", "runner_type": "noop"})
    assert (result.status_code, result.json["ref"]) == (201, "default.probe")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"runner_type": "no-such"}, "no-such"),
        ({"pack": "core"}, "Resources belonging to system level packs can't be manipulated"),
        ({"pack": "not a pack"}, "pack"),
        ({"parameters": ["cmd"]}, "parameters"),
        ({"parameters": {"who": {"type": "colour"}}}, "who"),
        ({"parameters": {"bad name": {"type": "string"}}}, "bad name"),
        ({"parameters": {"who": {"type": "string", "position": 7}}}, "position"),
        ({"parameters": {"timeout": {"type": "string"}}}, "timeout"),
        ({"enabled": "perhaps"}, "enabled"),
        ({"tags": "blue"}, "tags"),
        ({"notify": {"whenever": {}}}, "notify"),
        ({"data_files": [{"file_path": "../../evil", "content": "x"}]}, "evil"),
        ({"data_files": [{"file_path": "/etc/evil", "content": "x"}]}, "evil"),
        ({"data_files": [{"file_path": "a"}]}, "content"),
    ],
)
def test_bad_metadata_is_refused(client: ApiClient, pack: Path, change: dict[str, Any], text: str) -> None:
    result = client.simulate_post("/v1/actions", json={**NEW, **change})
    assert result.status_code == 400
    assert text in result.json["faultstring"]
    assert client.simulate_get("/v1/actions", query_string="pack=greetings").json == []
    assert not list(pack.parent.glob("**/evil"))


def test_its_own_output_is_accepted_back(client: ApiClient, pack: Path) -> None:
    made = create(client)
    changed = client.simulate_put(f"/v1/actions/{made['id']}", json={**made, "enabled": False})
    assert (changed.status_code, changed.json) == (200, {**made, "enabled": False})
    without_ref = {key: value for key, value in made.items() if key != "ref"}
    back = client.simulate_put("/v1/actions/greetings.probe", json={**without_ref, "enabled": True})
    assert (back.status_code, back.json) == (200, made)


def test_actions_of_core_can_be_switched_and_not_changed(client: ApiClient) -> None:
    for action in client.simulate_get("/v1/actions", query_string="pack=core").json:
        for enabled in (False, True):
            result = client.simulate_put(f"/v1/actions/{action['id']}", json={**action, "enabled": enabled})
            assert (result.status_code, result.json) == (200, {**action, "enabled": enabled})
    files = [{"file_path": "evil.py", "content": ""}]
    for change in ({"description": "Something else."}, {"runner_type": "noop"}, {"data_files": files}):
        result = client.simulate_put(f"/v1/actions/{action['id']}", json={**action, **change})
        assert result.status_code == 400
        assert "Resources belonging to system level packs can't be manipulated" in result.json["faultstring"]


def test_what_core_actions_look_like_is_accepted_elsewhere(client: ApiClient) -> None:
    for action in client.simulate_get("/v1/actions", query_string="pack=core").json:
        kept = {name: value for name, value in action.items() if name not in ("id", "uid", "ref", "pack")}
        result = client.simulate_post("/v1/actions", json=kept)
        assert (result.status_code, result.json["parameters"]) == (201, action["parameters"]), action["ref"]


def test_updating_an_unknown_or_broken_action(client: ApiClient, pack: Path) -> None:
    made = create(client)
    assert client.simulate_put("/v1/actions/greetings.nothing", json=NEW).status_code == 404
    result = client.simulate_put("/v1/actions/greetings.probe", json={**made, "runner_type": "no-such"})
    assert result.status_code == 400
    assert client.simulate_get("/v1/actions/greetings.probe").json == made


def test_an_action_cannot_be_moved_to_core(client: ApiClient, pack: Path) -> None:
    made = create(client)
    result = client.simulate_put(f"/v1/actions/{made['id']}", json={**made, "pack": "core"})
    assert result.status_code == 400
    assert client.simulate_get("/v1/actions/greetings.probe").json == made


def test_files_are_written_beside_the_metadata(client: ApiClient, pack: Path) -> None:
    made = create(
        client,
        runner_type="local-shell-script",
        parameters={},
        entry_point="probe.sh",
        data_files=[{"file_path": "probe.sh", "content": "echo hello\n"}],
    )
    assert (pack / "actions" / "probe.sh").read_text() == "echo hello\n"
    assert "actions/probe.sh" in client.simulate_get("/v1/packs/greetings").json["files"]
    shown = client.simulate_get("/v1/actions/views/entry_point/greetings.probe")
    assert (shown.text, shown.headers["Content-Type"].partition(";")[0]) == ("echo hello\n", "text/plain")
    assert "data_files" not in made
    files = [{"file_path": "lib/part.py", "content": "x = 1\n"}]
    assert client.simulate_put(f"/v1/actions/{made['id']}", json={**made, "data_files": files}).status_code == 200
    assert (pack / "actions" / "lib" / "part.py").read_text() == "x = 1\n"


def test_deleting(client: ApiClient, pack: Path) -> None:
    create(client)
    assert client.simulate_delete("/v1/actions/greetings.probe").status_code == 204
    assert client.simulate_get("/v1/actions/greetings.probe").status_code == 404
    assert client.simulate_delete("/v1/actions/greetings.probe").status_code == 404
    result = client.simulate_delete("/v1/actions/core.noop")
    assert result.status_code == 400
    assert "system level packs" in result.json["faultstring"]


def test_deleting_with_files_as_the_command_line_does(client: ApiClient, pack: Path) -> None:
    (pack / "actions" / "hello.yaml").write_text(
        "name: hello\nrunner_type: local-shell-script\nentry_point: hello.sh\n"
    )
    (pack / "actions" / "hello.sh").write_text("echo hello\n")
    client.simulate_post("/v1/packs/register", json={"packs": ["greetings"]})
    kept = client.simulate_delete("/v1/actions/greetings.hello", body='{"remove_files": false}')
    assert (kept.status_code, (pack / "actions" / "hello.sh").exists()) == (204, True)
    client.simulate_post("/v1/packs/register", json={"packs": ["greetings"]})
    # JSON without a content type.
    gone = client.simulate_delete("/v1/actions/greetings.hello", body='{"remove_files": true}')
    assert gone.status_code == 204
    assert list((pack / "actions").iterdir()) == []


def test_cloning(client: ApiClient, pack: Path, packs_dir: Path) -> None:
    (pack / "actions" / "hello.yaml").write_text(
        "name: hello\nrunner_type: local-shell-script\nentry_point: hello.sh\n"
    )
    (pack / "actions" / "hello.sh").write_text("echo hello\n")
    client.simulate_post("/v1/packs/register", json={"packs": ["greetings"]})
    path = "/v1/actions/greetings.hello/clone"
    made = client.simulate_post(path, json={"dest_pack": "greetings", "dest_action": "again"})
    assert (made.status_code, made.json["ref"]) == (201, "greetings.again")
    assert client.simulate_get("/v1/actions/views/entry_point/greetings.again").text == "echo hello\n"
    assert client.simulate_post(path, json={"dest_pack": "greetings", "dest_action": "again"}).status_code == 400
    again = client.simulate_post(path, json={"dest_pack": "greetings", "dest_action": "again", "overwrite": True})
    assert again.status_code == 201
    for body in (
        {"dest_pack": "no_such", "dest_action": "x"},
        {"dest_pack": "core", "dest_action": "x"},
        {"dest_pack": "greetings"},
        {"dest_pack": "greetings", "dest_action": "x", "colour": "blue"},
        {"dest_pack": "greetings", "dest_action": "../x"},
    ):
        assert client.simulate_post(path, json=body).status_code == 400, body


def test_parameters_of_action_and_runner_together(client: ApiClient) -> None:
    merged = client.simulate_get("/v1/actions/views/parameters/core.local_sudo").json["parameters"]
    assert merged["sudo"]["immutable"] is True
    assert merged["sudo"]["type"] == "boolean", "from the runner"
    assert merged["cmd"]["required"] is True
    assert merged["timeout"]["default"] == 60
    assert client.simulate_get("/v1/actions/views/parameters/core.nothing").status_code == 404


def test_overviews(client: ApiClient) -> None:
    merged = client.simulate_get("/v1/actions/views/parameters/core.local").json["parameters"]
    one = client.simulate_get("/v1/actions/views/overview/core.local").json
    assert (one["ref"], one["parameters"]) == ("core.local", merged)
    query = "include_attributes=ref,description,parameters"
    rows = client.simulate_get("/v1/actions/views/overview", query_string=query)
    assert rows.headers["X-Total-Count"] == str(len(rows.json))
    (row,) = [row for row in rows.json if row["ref"] == "core.local"]
    assert sorted(row) == ["description", "id", "parameters", "ref"]
    assert row["parameters"] == merged
    named = client.simulate_get("/v1/actions/views/overview", query_string="name=local").json
    assert [row["ref"] for row in named] == ["core.local"]
    every = client.simulate_get("/v1/actions/views/overview", query_string="pack=no_such").json
    assert len(every) == len(rows.json), "this view never filtered by pack"


def test_entry_points(client: ApiClient) -> None:
    python = client.simulate_get("/v1/actions/views/entry_point/core.pause")
    assert "python" in python.headers["Content-Type"]
    assert "class" in python.text
    assert client.simulate_get("/v1/actions/views/entry_point/core.noop").status_code == 404
    assert client.simulate_get("/v1/actions/views/entry_point/core.nothing").status_code == 404


def test_rules_hear_of_files_that_are_written(client: ApiClient, pack: Path) -> None:
    def instances() -> list[dict[str, Any]]:
        query = "trigger_type=core.st2.action.file_written"
        rows: list[dict[str, Any]] = client.simulate_get("/v1/triggerinstances", query_string=query).json
        return rows

    files = [{"file_path": "probe.sh", "content": "x"}, {"file_path": "lib/probe.py", "content": ""}]
    made = create(client, data_files=files)
    assert instances() == [], "nobody listens"
    rule = {
        "name": "written",
        "enabled": True,
        "trigger": {"type": "core.st2.action.file_written"},
        "action": {"ref": "core.noop"},
    }
    assert client.simulate_post("/v1/rules", json=rule).status_code == 201
    assert client.simulate_put(f"/v1/actions/{made['id']}", json={**made, "data_files": files}).status_code == 200
    payloads = [row["payload"] for row in instances()]
    assert {payload["ref"] for payload in payloads} == {"greetings.probe"}
    assert {payload["file_path"] for payload in payloads} == {
        str(pack / "actions" / "probe.sh"), str(pack / "actions" / "lib" / "probe.py"),
    }  # fmt: skip
    assert all(payload["host_info"]["hostname"] for payload in payloads)
