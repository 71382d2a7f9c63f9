"""/sensortypes: list, read, enable and disable."""

from __future__ import annotations

import pytest

from st2lite.models.sensor import SensorType
from tests.integration.http.conftest import ApiClient


def sensor(name: str, pack: str = "examples", **fields: object) -> SensorType:
    path = f"file:///opt/stackstorm/packs/{pack}/sensors/{name.lower()}.py"
    return SensorType(name=name, class_name=name, pack=pack, artifact_uri=path, entry_point=name, **fields)


@pytest.fixture
def sensors(client: ApiClient) -> list[SensorType]:
    made = [
        sensor("First", trigger_types=["examples.one", "examples.two"], poll_interval=7),
        sensor("Second", trigger_types=["examples.two"], enabled=False),
        sensor("Third", "core"),
    ]
    for document in made:
        client.context.store.insert(document)
    return made


def refs(client: ApiClient, query: str = "") -> list[str]:
    result = client.simulate_get("/v1/sensortypes", query_string=query)
    assert result.status_code == 200, result.text
    return [row["ref"] for row in result.json if row["pack"] in ("examples", "core")]


def test_lists_and_their_filters(client: ApiClient, sensors: list[SensorType]) -> None:
    first, second, third = (each.ref for each in sensors)
    assert refs(client) == [first, second, third]
    assert refs(client, "pack=examples") == [first, second]
    assert refs(client, "name=Third") == [third]
    assert refs(client, f"id={sensors[0].id},{sensors[2].id}") == [first, third]
    assert refs(client, "trigger=examples.two") == [first, second]
    assert refs(client, "trigger=examples.two&enabled=false") == [second]
    assert refs(client, "trigger=examples.two&limit=1") == [first]
    assert refs(client, "pack=examples&enabled=true") == [first]
    assert refs(client, "pack=examples&offset=1") == [first, second], "there is no offset"
    result = client.simulate_get("/v1/sensortypes", query_string="pack=examples&include_attributes=enabled")
    assert result.json[1] == {"id": sensors[1].id, "ref": second, "enabled": False}
    assert client.simulate_get("/v1/sensortypes", query_string="enabled=perhaps").status_code == 400


def test_one_by_reference_or_id(client: ApiClient, sensors: list[SensorType]) -> None:
    shown = client.simulate_get("/v1/sensortypes/examples.First").json
    assert shown == client.simulate_get(f"/v1/sensortypes/{sensors[0].id}").json
    assert shown["uid"] == "sensor_type:examples:First"
    assert shown["poll_interval"] == 7
    assert shown["artifact_uri"] == "file:///opt/stackstorm/packs/examples/sensors/first.py"
    assert client.simulate_get("/v1/sensortypes/examples.None").status_code == 404
    assert "poll_interval" not in client.simulate_get("/v1/sensortypes/examples.Second").json


def test_only_enabled_can_be_changed_and_nothing_of_core(client: ApiClient, sensors: list[SensorType]) -> None:
    shown = client.simulate_get("/v1/sensortypes/examples.First").json
    changed = client.simulate_put(
        "/v1/sensortypes/examples.First", json={**shown, "enabled": False, "name": "Other", "poll_interval": 1}
    )
    assert changed.json == {**shown, "enabled": False}
    assert client.simulate_get("/v1/sensortypes/examples.First").json == {**shown, "enabled": False}
    assert client.simulate_put("/v1/sensortypes/examples.First", json={}).json == shown, "enabled is the default"
    refused = client.simulate_put("/v1/sensortypes/core.Third", json={"enabled": False})
    assert refused.status_code == 400
    assert "Resources belonging to system level packs can't be manipulated" in refused.json["faultstring"]
    assert client.simulate_put("/v1/sensortypes/examples.First", json={"enabled": "no"}).status_code == 400
    assert client.simulate_put("/v1/sensortypes/examples.None", json={}).status_code == 404
