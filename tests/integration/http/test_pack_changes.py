"""/packs: installing, removing, unloading, and the index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from st2lite.config.schema import Content
from st2lite.models.action import Action
from st2lite.models.alias import ActionAlias
from st2lite.models.pack import ConfigSchema, PackConfig, Registration
from st2lite.models.policy import Policy
from st2lite.models.rule import Rule
from st2lite.models.sensor import SensorType
from st2lite.models.trigger import Trigger, TriggerType
from st2lite.storage.contract import Equal
from tests.git_repository import write_pack
from tests.integration.http.conftest import ApiClient
from tests.openapi_contract import Contract


def test_installing_is_an_execution(client: ApiClient) -> None:
    result = client.simulate_post("/v1/packs/install", json={"packs": ["weather=1.0.0"], "force": True})
    assert result.status_code == 202
    execution = client.fetch(result.json["execution_id"])
    assert execution["action"]["ref"] == "packs.install"
    assert execution["parameters"] == {"packs": ["weather=1.0.0"], "force": True, "skip_dependencies": False}
    assert execution["context"]["user"] == "st2admin"


def test_removing_is_an_execution(client: ApiClient) -> None:
    result = client.simulate_post("/v1/packs/uninstall", json={"packs": ["weather"]})
    assert result.status_code == 202
    execution = client.fetch(result.json["execution_id"])
    assert (execution["action"]["ref"], execution["parameters"]) == ("packs.uninstall", {"packs": ["weather"]})


@pytest.mark.parametrize("path", ["install", "uninstall"])
@pytest.mark.parametrize(
    ("body", "problem"),
    [({}, "packs"), ({"packs": []}, "at least one"), ({"packs": "x"}, "packs"), ({"packs": [1]}, "packs")],
)
def test_bad_requests(client: ApiClient, path: str, body: object, problem: str) -> None:
    result = client.simulate_post(f"/v1/packs/{path}", json=body)
    assert result.status_code == 400
    assert problem in result.json["faultstring"]


class TestUnload:
    @pytest.fixture
    def full(self, client: ApiClient, packs_dir: Path) -> ApiClient:
        """A registered pack with something of each kind, and a rule of another pack that listens to its trigger."""
        pack = write_pack(packs_dir / "weather")
        (pack / "config.schema.yaml").write_text("city:\n  type: string\n")
        assert client.simulate_post("/v1/packs/register", json={"packs": ["weather"]}).status_code == 200
        store = client.context.store
        store.insert(TriggerType(name="rain", pack="weather"))
        store.insert(TriggerType(name="snow", pack="weather"))
        for name in ("rain", "snow"):
            store.insert(Trigger(name=name, pack="weather", type=f"weather.{name}"))
        action = {"ref": "core.noop", "parameters": {}}
        for owner, kind in (("weather", "snow"), ("other", "rain")):
            trigger = {"type": f"weather.{kind}", "ref": f"weather.{kind}", "parameters": {}}
            store.insert(Rule(name=f"on_{kind}", pack=owner, trigger=trigger, action=action))
        store.insert(
            SensorType(
                name="Barometer", pack="weather", class_name="Barometer", artifact_uri="file:///x.py", entry_point="x"
            )
        )
        store.insert(ActionAlias(name="forecast", pack="weather", action_ref="weather.tell", formats=["forecast"]))
        store.insert(Policy(name="once", pack="weather", resource_ref="weather.tell", policy_type="action.concurrency"))
        store.insert(PackConfig(id="weather", values={"city": "Bern"}))
        return client

    def test_all_that_is_registered_goes(self, full: ApiClient, packs_dir: Path) -> None:
        result = full.simulate_post("/v1/packs/unload", json={"packs": ["weather"]})
        assert (result.status_code, result.json) == (
            200,
            {"rules": 1, "sensors": 1, "aliases": 1, "policies": 1, "actions": 1, "triggers": 2, "packs": 1},
        )
        store = full.context.store
        for kind in (Action, Rule, SensorType, ActionAlias, Policy, TriggerType):
            assert store.find(kind, [Equal("pack", "weather")]) == []
        for kind, name in ((ConfigSchema, "weather"), (PackConfig, "weather"), (Registration, "pack:weather")):
            assert store.get(kind, name) is None
        assert [rule.ref for rule in store.find(Rule, [Equal("pack", "other")])] == ["other.on_rain"]
        assert [trigger.ref for trigger in store.find(Trigger, [Equal("type", "weather.snow")])] == []
        assert full.simulate_get("/v1/packs/weather").status_code == 404
        assert (packs_dir / "weather" / "pack.yaml").exists()

    def test_again_and_for_what_is_not_there(self, client: ApiClient) -> None:
        result = client.simulate_post("/v1/packs/unload", json={"packs": ["nothing"]})
        assert (result.status_code, set(result.json.values())) == (200, {0})

    @pytest.mark.parametrize("pack", ["core", "../x"])
    def test_system_packs_stay(self, client: ApiClient, pack: str) -> None:
        assert client.simulate_post("/v1/packs/unload", json={"packs": [pack]}).status_code == 400
        assert client.simulate_get("/v1/packs/core").status_code == 200


class TestIndex:
    @pytest.fixture
    def indexed(self, client: ApiClient, contract: Contract, tmp_path: Path) -> Iterator[ApiClient]:
        """A client of an app with one index that works and one that does not."""
        entry = {"name": "weather", "description": "Rain and snow.", "version": "1.0.0", "keywords": ["forecast"]}
        (tmp_path / "index.json").write_text(json.dumps({"packs": {"weather": entry}}))
        content = Content(index_url=[f"file://{tmp_path}/index.json", "file:///nowhere.json"])
        context = client.context
        context.config = replace(context.config, content=content)
        context.__dict__.pop("pack_host", None)
        yield ApiClient(context, contract)

    def test_reading_it(self, indexed: ApiClient) -> None:
        result = indexed.simulate_get("/v1/packs/index")
        assert result.status_code == 200
        assert list(result.json["index"]) == ["weather"]
        assert [entry["error"] for entry in result.json["status"]] == [None, "unresponsive"]

    def test_searching_it(self, indexed: ApiClient) -> None:
        def search(**body: str) -> object:
            result = indexed.simulate_post("/v1/packs/index/search", json=body)
            assert result.status_code == 200
            return result.json

        assert [entry["name"] for entry in search(query="SNOW")] == ["weather"]  # type: ignore[attr-defined]
        assert search(query="sun") == []
        assert search(pack="weather")["version"] == "1.0.0"  # type: ignore[index]
        assert search(pack="snow") == []

    @pytest.mark.parametrize("body", [{}, {"query": "a", "pack": "b"}, {"query": 1}])
    def test_searching_it_wrongly(self, indexed: ApiClient, body: object) -> None:
        assert indexed.simulate_post("/v1/packs/index/search", json=body).status_code == 400

    def test_its_health(self, indexed: ApiClient) -> None:
        health = indexed.simulate_get("/v1/packs/index/health").json
        assert (health["indexes"]["valid"], health["indexes"]["errors"]) == (1, {"unresponsive": 1})

    def test_none_that_works(self, client: ApiClient, contract: Contract) -> None:
        client.context.config = replace(client.context.config, content=Content(index_url=[]))
        client.context.__dict__.pop("pack_host", None)
        result = ApiClient(client.context, contract).simulate_get("/v1/packs/index")
        assert result.status_code == 400
        assert "index_url" in result.json["faultstring"]
