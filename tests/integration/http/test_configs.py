"""/configs and /config_schemas."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from st2lite.models.pack import PackConfig
from tests.integration.http.conftest import ApiClient

SCHEMA = """\
region: {type: string, required: true}
password: {type: string, secret: true}
retries: {type: integer, default: 3}
service:
  type: object
  properties:
    port: {type: integer, required: true}
    key: {type: string, secret: true}
hosts:
  type: array
  items:
    type: object
    properties:
      port: {type: integer}
"""
VALUES: dict[str, Any] = {"region": "nörth", "password": "s3cret", "service": {"port": 1, "key": "k"}, "extra": [1]}
MASK = "********"


@pytest.fixture
def file(client: ApiClient, packs_dir: Path) -> Path:
    """The file that will hold the configuration of a registered pack."""
    directory = packs_dir / "depot"
    directory.mkdir()
    (directory / "pack.yaml").write_text("{name: depot, description: d, version: 1.0.0, author: a}")
    (directory / "config.schema.yaml").write_text(SCHEMA)
    assert client.simulate_post("/v1/packs/register", json={"packs": ["depot"]}).status_code == 200
    return packs_dir.parent / "configs" / "depot.yaml"


def put(client: ApiClient, values: Any, query: str = "") -> Any:
    return client.simulate_put("/v1/configs/depot", json=values, query_string=query)


def test_what_is_put_is_stored_and_written(client: ApiClient, file: Path) -> None:
    result = put(client, VALUES, "show_secrets=true")
    assert (result.status_code, result.json["pack"], result.json["values"]) == (200, "depot", VALUES)
    assert yaml.safe_load(file.read_text()) == VALUES
    assert stat.S_IMODE(file.stat().st_mode) & ~0o640 == 0
    assert client.context.pack_configs.resolve("depot", "jane")["retries"] == 3
    stored = client.context.store.get(PackConfig, "depot")
    assert stored is not None and "retries" not in stored.values
    again = client.simulate_post("/v1/packs/register", json={"types": ["configs"], "packs": ["depot"]})
    assert again.json["configs"] == 1


def test_a_file_that_everybody_could_read_is_closed(client: ApiClient, file: Path) -> None:
    file.parent.mkdir()
    file.write_text("region: south\n")
    file.chmod(0o644)
    assert put(client, {"region": "north"}).status_code == 200
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_secrets_are_masked(client: ApiClient, file: Path) -> None:
    masked = {**VALUES, "password": MASK, "service": {"port": 1, "key": MASK}}
    assert put(client, VALUES).json["values"] == masked
    assert client.simulate_get("/v1/configs/depot").json["values"] == masked
    assert client.simulate_get("/v1/configs").json[0]["values"] == masked
    for path in ("/v1/configs/depot", "/v1/configs"):
        shown = client.simulate_get(path, query_string="show_secrets=true").json
        assert (shown[0] if isinstance(shown, list) else shown)["values"] == VALUES


def test_masks_that_are_sent_back_hide_what_they_hid(client: ApiClient, file: Path) -> None:
    put(client, VALUES)
    values = client.simulate_get("/v1/configs/depot").json["values"]
    put(client, {**values, "region": "south"})
    assert yaml.safe_load(file.read_text()) == {**VALUES, "region": "south"}


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({}, "'region' is a required property"),
        ({"region": 5}, "Key \"region\": 5 is not of type 'string'"),
        ({"region": "r", "password": 12345}, 'Key "password": the value is not of type'),
        ({"region": "r", "service": {}}, "'port' is a required property"),
        ({"region": "r", "hosts": [{"port": "x"}]}, 'Key "hosts"[0].port'),
        ({"region": "r", "password": "{{ st2kv.system.p | decrypt_kv }}"}, 'leave the filter "decrypt_kv" out'),
        ({"region": "r", "service": {"port": 1, "key": "{{ st2kv.system.p|decrypt_kv }}"}}, "leave the filter"),
        (["region"], "object"),
    ],
)
def test_what_the_schema_does_not_allow_is_refused(client: ApiClient, file: Path, values: Any, text: str) -> None:
    result = put(client, values)
    assert result.status_code == 400
    assert text in result.json["faultstring"]
    assert "12345" not in result.json["faultstring"]
    assert not file.exists()
    assert client.simulate_get("/v1/configs/depot").status_code == 404


def test_templates_are_left_to_the_run_time_at_any_depth(client: ApiClient, file: Path) -> None:
    template = "{{ st2kv.system.port }}"
    values = {"region": template, "retries": template, "service": {"port": template}, "hosts": [{"port": template}]}
    assert put(client, values).status_code == 200
    assert put(client, {**values, "hosts": [{"port": template}, {"port": "x"}]}).status_code == 200
    assert put(client, {**values, "hosts": [template, {"port": "x"}]}).status_code == 400


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_cannot_be_written_leaves_the_store_as_it_was(client: ApiClient, file: Path) -> None:
    put(client, {"region": "north"})
    file.parent.chmod(0o500)
    try:
        result = put(client, {"region": "south"})
    finally:
        file.parent.chmod(0o700)
    assert (result.status_code, "cannot be written" in result.json["faultstring"]) == (403, True)
    assert client.simulate_get("/v1/configs/depot").json["values"] == {"region": "north"}


def test_unknown_packs(client: ApiClient, file: Path) -> None:
    for path in ("/v1/configs/none", "/v1/configs/depot", "/v1/config_schemas/none", "/v1/config_schemas/core"):
        assert client.simulate_get(path).status_code == 404
    result = client.simulate_put("/v1/configs/none", json={})
    assert (result.status_code, 'with pack_ref "none"' in result.json["faultstring"]) == (404, True)
    assert not (file.parent / "none.yaml").exists()


def test_a_pack_without_a_schema_takes_any_values(client: ApiClient) -> None:
    result = client.simulate_put("/v1/configs/core", json={"any": ["thing"]})
    assert (result.status_code, result.json["values"]) == (200, {"any": ["thing"]})


def test_lists(client: ApiClient, file: Path) -> None:
    put(client, {"region": "north"})
    client.simulate_put("/v1/configs/core", json={})
    result = client.simulate_get("/v1/configs")
    assert ([row["pack"] for row in result.json], result.headers["X-Total-Count"]) == (["core", "depot"], "2")
    one = client.simulate_get("/v1/configs", query_string="name=depot,none&include_attributes=pack").json
    assert [sorted(row) for row in one] == [["id", "pack"]]
    assert client.simulate_get("/v1/configs", query_string="limit=1&sort=-pack").json[0]["pack"] == "depot"


def test_schemas(client: ApiClient, file: Path) -> None:
    schema = client.simulate_get("/v1/config_schemas/depot").json
    assert (schema["pack"], schema["attributes"]) == ("depot", yaml.safe_load(SCHEMA))
    assert schema in client.simulate_get("/v1/config_schemas").json
