"""/runnertypes: list, read, enable and disable."""

from __future__ import annotations

from tests.integration.http.conftest import ApiClient


def test_the_list_is_sorted_by_name_and_complete(client: ApiClient) -> None:
    result = client.simulate_get("/v1/runnertypes/")
    names = [row["name"] for row in result.json]
    assert names == sorted(names)
    assert {"local-shell-cmd", "python-script", "noop", "inquirer", "remote-shell-script"} <= set(names)
    assert result.headers["X-Total-Count"] == str(len(names))


def test_by_name_by_id_and_by_query(client: ApiClient) -> None:
    runner = client.simulate_get("/v1/runnertypes/local-shell-cmd").json
    assert "cmd" in runner["runner_parameters"]
    assert client.simulate_get(f"/v1/runnertypes/{runner['id']}").json == runner
    assert client.simulate_get("/v1/runnertypes/", query_string="name=local-shell-cmd").json == [runner]
    assert client.simulate_get("/v1/runnertypes/no-such").status_code == 404


def test_its_own_output_is_accepted_back_and_only_enabled_counts(client: ApiClient) -> None:
    runner = client.simulate_get("/v1/runnertypes/noop").json
    changed = {**runner, "enabled": False, "description": "something else", "name": "other"}
    assert client.simulate_put("/v1/runnertypes/noop", json=changed).json == {**runner, "enabled": False}
    assert client.simulate_put("/v1/runnertypes/noop", json={}).json["enabled"] is False, "says nothing about it"
    result = client.simulate_post("/v1/executions", json={"action": "core.noop"})
    assert result.status_code == 400
    assert "disabled" in result.json["faultstring"]
    assert client.simulate_put(f"/v1/runnertypes/{runner['id']}", json={**runner, "enabled": True}).json == runner
    assert client.simulate_put("/v1/runnertypes/noop", json={"enabled": "yes"}).status_code == 400
